"""Panels in one look: what a kind of panel shows well, and the colours that mean something."""

from __future__ import annotations

from string import ascii_uppercase
from typing import TYPE_CHECKING, Final, TypeVar

from grafana_foundation_sdk.builders import bargauge, heatmap, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as dashboard_builders
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models.dashboard import (
    DashboardLinkType,
    DataSourceRef,
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMappingResult,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat, QueryEditorMode

from deploy.grafana.queries import newest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grafana_foundation_sdk.cog.builder import Builder
    from grafana_foundation_sdk.models.dashboard import DashboardLink

DATASOURCE: Final = DataSourceRef(type_val="prometheus", uid="${datasource}")

BLUE, GREEN, ORANGE, RED = "#0072B2", "#009E73", "#E69F00", "#D55E00"  # Okabe and Ito's: told apart by everyone

Steps = tuple[tuple[float | None, str], ...]
PLAIN: Final[Steps] = ((None, BLUE),)
HEAT: Final[Steps] = ((None, GREEN), (0.7, ORANGE), (1, RED))
ANY_IS_BAD: Final[Steps] = ((None, GREEN), (1, RED))
ALL_IS_GOOD: Final[Steps] = ((None, RED), (1, GREEN))

WAITING: Final[Steps] = ((None, GREEN), (10_000, ORANGE), (100_000, RED))
"""Records."""

BEHIND: Final[Steps] = ((None, GREEN), (900, ORANGE), (3600, RED))
"""Seconds of event time behind the clock."""

P = TypeVar("P", bargauge.Panel, heatmap.Panel, stat.Panel, statetimeline.Panel, table.Panel, timeseries.Panel)


def query(expr: str, legend: str = "", *, instant: bool = False, kind: str = "time_series") -> Dataquery:
    """One query of a panel; `legend` may name labels as ``{{brand}}``."""
    made = Dataquery().expr(expr).legend_format(legend).format(PromQueryFormat(kind)).datasource(DATASOURCE)
    made.editor_mode(QueryEditorMode.CODE)
    return made.instant() if instant else made.range()


def lines(title: str, description: str, unit: str, *queries: Dataquery, width: int = 8) -> timeseries.Panel:
    """A chart of lines over time."""
    panel = timeseries.Panel().span(width).height(8).line_width(1).fill_opacity(8).min(0)
    panel.show_points(common.VisibilityMode.NEVER).legend(_legend()).tooltip(_tooltip())
    return _framed(panel, title, description, unit, queries)


def bars(title: str, description: str, unit: str, *queries: Dataquery, width: int = 8) -> timeseries.Panel:
    """A chart of stacked bars over time, for what is rare and for shares."""
    stacking = common_builders.StackingConfig().mode(common.StackingMode.NORMAL).group("A")
    panel = lines(title, description, unit, *queries, width=width).draw_style(common.GraphDrawStyle.BARS)
    return panel.line_width(0).fill_opacity(80).stacking(stacking)


def number(title: str, description: str, unit: str, expr: str, legend: str = "", steps: Steps = PLAIN) -> stat.Panel:
    """One number, or one for each series."""
    text = common.BigValueTextMode.VALUE_AND_NAME if legend else common.BigValueTextMode.VALUE
    panel = stat.Panel().span(4).height(4).text_mode(text).reduce_options(_last()).thresholds(thresholds(steps))
    panel.color_mode(common.BigValueColorMode.VALUE).graph_mode(common.BigValueGraphMode.AREA)
    return _framed(panel, title, description, unit, [query(expr, legend)])


def ranking(title: str, description: str, unit: str, expr: str, legend: str, steps: Steps = PLAIN) -> bargauge.Panel:
    """A bar for each series, as of now."""
    panel = bargauge.Panel().span(12).height(9).thresholds(thresholds(steps)).reduce_options(_last())
    panel.show_unfilled(True).orientation(common.VizOrientation.HORIZONTAL).display_mode(
        common.BarGaugeDisplayMode.BASIC
    ).min(0)
    return _framed(panel, title, description, unit, [query(expr, legend, instant=True)])


def states(
    title: str, description: str, *queries: Dataquery, steps: Steps, names: Sequence[str] = (), width: int = 8
) -> statetimeline.Panel:
    """When which series was in which state; `names` are those of the values 0, 1 and so on."""
    panel = statetimeline.Panel().span(width).height(8).thresholds(thresholds(steps)).row_height(0.8)
    panel.show_value(common.VisibilityMode.NEVER).legend(common_builders.VizLegendOptions().show_legend(False))
    if names:
        panel.mappings([ValueMap({str(value): ValueMappingResult(text=name) for value, name in enumerate(names)})])
    return _framed(panel, title, description, "none", queries)


def distribution(title: str, description: str, unit: str, expr: str, width: int = 12) -> heatmap.Panel:
    """How a histogram's observations spread, over time."""
    panel = heatmap.Panel().span(width).height(9).calculate(False)
    return _framed(panel, title, description, unit, [query(expr, "{{le}}", kind="heatmap")])


def columns(
    title: str,
    description: str,
    unit: str,
    exprs: Mapping[str, str],
    *,
    sort: str | None = None,
    width: int = 12,
) -> table.Panel:
    """A table with a row for each set of labels, and a column for each expression by its heading."""
    renamed = {f"Value #{ref}": column for ref, column in zip(ascii_uppercase, exprs, strict=False)}
    panel = _merged(title, description, unit, list(exprs.values()), {"Time": True}, renamed, width)
    if sort:
        panel.sort_by([common_builders.TableSortByFieldState().display_name(sort).desc(True)])
    return panel


def facts(title: str, description: str, exprs: Sequence[str], width: int = 24) -> table.Panel:
    """A table of the labels of series whose value says nothing."""
    hidden = dict.fromkeys(["Time", *(f"Value #{ref}" for ref, _ in zip(ascii_uppercase, exprs, strict=False))], True)
    return _merged(title, description, "none", exprs, hidden, {}, width)


def _merged(
    title: str,
    description: str,
    unit: str,
    exprs: Sequence[str],
    hidden: Mapping[str, bool],
    renamed: Mapping[str, str],
    width: int,
) -> table.Panel:
    panel = table.Panel().span(width).height(9).show_header(True).cell_height(common.TableCellHeight.SM)
    panel.with_transformation(DataTransformerConfig(id_val="merge", options={}))
    panel.with_transformation(
        DataTransformerConfig(id_val="organize", options={"excludeByName": hidden, "renameByName": renamed})
    )
    queries = [query(expr, instant=True, kind="table") for expr in exprs]
    return _framed(panel, title, description, unit, queries)


def thresholds(steps: Steps) -> dashboard_builders.ThresholdsConfig:
    """From which value on which colour is used."""
    made = [Threshold(value=value, color=colour) for value, colour in steps]
    return dashboard_builders.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(made)


def with_band(panel: timeseries.Panel) -> timeseries.Panel:
    """Draw the series ``lower``, ``upper`` and ``expected`` of `band` as a band with a dashed middle."""
    out_of_legend = {"legend": True, "tooltip": False, "viz": False}
    panel.override_by_name("lower", styled(BLUE, lineWidth=0, hideFrom=out_of_legend))
    panel.override_by_name("upper", styled(BLUE, lineWidth=0, fillBelowTo="lower", fillOpacity=15))
    return panel.override_by_name("expected", styled(BLUE, lineStyle={"fill": "dash", "dash": [6, 6]}))


def band(operator: str, detector: str) -> list[Dataquery]:
    """What a detector takes for normal of the chosen brands; `detector` is a name or a variable."""
    return [
        query(f"{operator}({newest('firewatch_expected', 'brand', *where, by='brand')})", bound)
        for bound in ("lower", "upper", "expected")
        for where in [(f'detector="{detector}"', f'bound="{bound}"')]
    ]


def with_threshold(panel: timeseries.Panel) -> timeseries.Panel:
    """Draw the series ``threshold`` as a dashed line."""
    return panel.override_by_name("threshold", styled(RED, lineStyle={"fill": "dash", "dash": [8, 4]}))


def styled(colour: str, **custom: object) -> list[DynamicConfigValue]:
    """A fixed colour, and settings of a line such as ``lineWidth=0``."""
    fixed = {"mode": FieldColorModeId.FIXED.value, "fixedColor": colour}
    properties = [DynamicConfigValue("color", fixed)]
    return properties + [
        DynamicConfigValue(f"custom.{key}", value) for key, value in ({"fillOpacity": 0} | custom).items()
    ]


def to_brand(name: str) -> list[Builder[DashboardLink]]:
    """A data link to the board of the brand that the value `name` of a field holds."""
    url = (
        f"/d/firewatch-brand?var-brand=${{{name}}}&${{datasource:queryparam}}&${{job:queryparam}}&${{__url_time_range}}"
    )
    return [dashboard_builders.DashboardLink("All about this brand").type(DashboardLinkType.LINK).url(url)]


def _framed(panel: P, title: str, description: str, unit: str, queries: Sequence[Dataquery]) -> P:
    panel.title(title).description(description).unit(unit).datasource(DATASOURCE)
    for ref, each in zip(ascii_uppercase, queries, strict=False):
        panel.with_target(each.ref_id(ref))
    return panel


def _last() -> common_builders.ReduceDataOptions:
    return common_builders.ReduceDataOptions().calcs(["lastNotNull"]).values(False)


def _legend() -> common_builders.VizLegendOptions:
    legend = common_builders.VizLegendOptions().show_legend(True).placement(common.LegendPlacement.BOTTOM)
    return legend.display_mode(common.LegendDisplayMode.LIST)


def _tooltip() -> common_builders.VizTooltipOptions:
    return common_builders.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI).sort(common.SortOrder.DESCENDING)
