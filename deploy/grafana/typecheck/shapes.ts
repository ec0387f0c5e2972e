// What a board's JSON may be by Grafana's own types. These speak of TypeScript's enums, which JSON writes as their values.
import type { Dashboard } from "@grafana/schema";
import type * as barGauge from "@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen.d.ts";
import type * as heatmap from "@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen.d.ts";
import type * as stateTimeline from "@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen.d.ts";
import type * as stat from "@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen.d.ts";
import type * as table from "@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen.d.ts";
import type * as timeSeries from "@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen.d.ts";

type Written<T> = T extends string
  ? `${T}`
  : T extends number
    ? `${T}` extends `${infer N extends number}` ? N : number
    : T extends readonly (infer Item)[]
      ? Written<Item>[]
      : T extends object
        ? { [Key in keyof T]: Written<T[Key]> }
        : T;

export type Board = Written<Dashboard>;

type Part<T> = Partial<Written<T>>;

export interface Options {
  bargauge: Part<barGauge.Options>;
  heatmap: Part<heatmap.Options>;
  "state-timeline": Part<stateTimeline.Options>;
  stat: Part<stat.Options>;
  table: Part<table.Options>;
  timeseries: Part<timeSeries.Options>;
}

export interface Custom {
  bargauge: never;
  heatmap: Part<heatmap.FieldConfig>;
  "state-timeline": Part<stateTimeline.FieldConfig>;
  stat: never;
  table: Part<table.FieldConfig>;
  timeseries: Part<timeSeries.FieldConfig>;
}
