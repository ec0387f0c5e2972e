"""What the boards have in common: variables to choose by, incidents as annotations, links to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import dashboard as models

from deploy.grafana.panels import DATASOURCE, RED
from deploy.grafana.queries import newest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from grafana_foundation_sdk.cog.builder import Builder

    Variable = Builder[models.VariableModel]
    Row = tuple[str, Sequence[Builder[models.Panel]]]

TAG: Final = "firewatch"


class _IncidentsModel(models.AnnotationQuery):
    """With the fields of Prometheus's annotations, which the general model leaves out."""

    def to_json(self) -> dict[str, object]:
        return super().to_json() | {"titleFormat": "{{brand}} {{severity}}", "step": "30s"}


class _Incidents(builders.AnnotationQuery):
    """Incidents of some brands, from their opening to their resolution."""

    def __init__(self, *matchers: str) -> None:
        super().__init__()
        self._internal = _IncidentsModel()
        self.name("Incidents").datasource(DATASOURCE).enable(True).icon_color(RED)
        self.expr(f"{newest('firewatch_incidents_open', *matchers, by='brand, severity')} > 0")


def choice(name: str, label: str, selector: str, *, several: bool = True, default: str | None = None) -> Variable:
    """A variable over values of a label.

    Parameters
    ----------
    selector
        Series and label, as ``label_values`` takes them.
    several
        Whether several values, or all, may be chosen.
    default
        Value that is chosen at first; all if several may be, else the first.
    """
    variable = builders.QueryVariable(name).label(label).datasource(DATASOURCE).multi(several)
    variable.query({"query": f"label_values({selector})", "refId": f"variable-{name}"})
    variable.refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED).sort(models.VariableSort.ALPHABETICAL_ASC)
    if several:
        variable.include_all(True).all_value(".+").current(models.VariableOption(text=["All"], value=["$__all"]))
    elif default is not None:
        variable.current(models.VariableOption(text=default, value=default))
    return variable


def datasource_and_job() -> list[Variable]:
    """Which Prometheus, and which installation in it."""
    return [
        builders.DatasourceVariable("datasource").label("Data source").type("prometheus"),
        choice("job", "Job", "firewatch_build_info, job"),
    ]


def brand(*, several: bool) -> Variable:
    """Which brands."""
    return choice("brand", "Brand", 'firewatch_brand_mentions{job=~"$job"}, brand', several=several)


def detector() -> Variable:
    """Which detectors."""
    return choice("detector", "Detector", 'firewatch_anomaly_score{job=~"$job"}, detector')


def bands() -> list[Variable]:
    """Which detector's bounds are drawn around the volume, and which one's around the negative share."""
    selector = 'firewatch_expected{job=~"$job"}, detector'
    return [
        choice("volume_detector", "Band of the volume", selector, several=False, default="volume"),
        choice("tone_detector", "Band of the negative share", selector, several=False, default="tone"),
    ]


def board(
    uid: str,
    title: str,
    description: str,
    variables: Iterable[Variable],
    rows: Iterable[Row],
    *,
    incidents_of: str = "",
) -> models.Dashboard:
    """A whole board.

    Parameters
    ----------
    uid
        Stable: links and alerts name it.
    incidents_of
        Variable of the brands whose incidents are marked; all brands by default.
    """
    links = builders.DashboardLink("firewatch").type(models.DashboardLinkType.DASHBOARDS).tags([TAG])
    made = builders.Dashboard(f"firewatch / {title}").uid(uid).description(description).tags([TAG]).readonly()
    made.link(links.as_dropdown(False).include_vars(True).keep_time(True)).timezone("browser").refresh("10s")
    made.time("now-3h", "now").tooltip(models.DashboardCursorSync.CROSSHAIR).version(1)
    made.annotation(_Incidents(*([incidents_of] if incidents_of else [])))
    for variable in variables:
        made.with_variable(variable)
    for heading, panels in rows:
        made.with_row(builders.Row(heading))
        for panel in panels:
            made.with_panel(panel)
    finished = made.build()
    for number, each in enumerate(finished.panels or (), 1):
        each.id_val = number
    return finished
