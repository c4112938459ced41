// The types this person may see and how they hang together, drawn.

import AddIcon from "@mui/icons-material/Add";
import RemoveIcon from "@mui/icons-material/Remove";
import { Card, IconButton, Tooltip, Typography, useTheme } from "@mui/material";
import { useTranslate } from "ra-core";
import { useMemo, useState } from "react";
import { useNavigate } from "react-router-dom";
import { useModel } from "../../app/context";
import { Page } from "../../app/Page";
import { routes } from "../../app/routes";
import { Empty } from "../../app/states";
import type { Attribute, Type } from "../../meta/model";
import { isStamp } from "../record/groups";
import { layOut, WIDTH, type Edge, type Placed } from "./layout";

const HEAD = 30;
const LINE = 18;
const PAD = 8;
const MARGIN = 16;
const ZOOMS = [0.5, 0.65, 0.8, 1, 1.25, 1.5];

/** Keys and references: what holds the picture together. */
function lines(type: Type): Attribute[] {
  return type.attributes.filter((each) => !each.hidden && (each.key || each.reference || each.name === type.userKey || (each.derived && !isStamp(each))));
}

function curve(child: Placed, parent: Placed, offset: number): string {
  const y1 = child.y + HEAD + PAD + offset * LINE + LINE / 2;
  const y2 = parent.y + HEAD / 2;
  if (child.name === parent.name) {
    const x = child.x + WIDTH;
    return `M${x},${y1} C${x + 46},${y1} ${x + 46},${y2} ${x},${y2}`;
  }
  const right = parent.x + WIDTH;
  if (parent.x < child.x) {
    const bend = Math.max(30, (child.x - right) / 2);
    return `M${child.x},${y1} C${child.x - bend},${y1} ${right + bend},${y2} ${right},${y2}`;
  }
  const x = child.x + WIDTH;
  return `M${x},${y1} C${x + 60},${y1} ${right + 60},${y2} ${right},${y2}`;
}

export default function SchemaPage() {
  const t = useTranslate();
  const model = useModel();
  const theme = useTheme();
  const navigate = useNavigate();
  const [zoom, setZoom] = useState(3);
  const [chosen, setChosen] = useState<string>();

  const { types, edges, laid } = useMemo(() => {
    const shown = model.types;
    const names = new Set(shown.map((each) => each.name));
    const found: Edge[] = shown.flatMap((type) =>
      type.parents.filter((each) => names.has(each.resource)).map((each) => ({ child: type.name, parent: each.resource, label: each.name })),
    );
    const boxes = shown.map((type) => ({ name: type.name, height: HEAD + 2 * PAD + Math.max(1, lines(type).length) * LINE }));
    return { types: shown, edges: found, laid: layOut(boxes, found) };
  }, [model]);

  if (types.length === 0) return <Empty title={t("rg.home.nothing")} hint={t("rg.home.nothingHint")} />;
  const { palette } = theme;
  const scale = ZOOMS[zoom] ?? 1;
  const [width, height] = [laid.width + 2 * MARGIN + 50, laid.height + 2 * MARGIN];
  const near = chosen ? new Set(edges.filter((each) => each.child === chosen || each.parent === chosen).flatMap((each) => [each.child, each.parent])) : undefined;

  return (
    <Page
      title={t("rg.menu.schema")}
      aside={t("rg.schema.types", { smart_count: types.length })}
      actions={
        <>
          <Tooltip title={t("rg.schema.smaller")}>
            <span>
              <IconButton aria-label={t("rg.schema.smaller")} disabled={zoom === 0} onClick={() => setZoom(zoom - 1)}><RemoveIcon fontSize="small" /></IconButton>
            </span>
          </Tooltip>
          <Typography component="span" sx={{ fontVariantNumeric: "tabular-nums", minWidth: 42, textAlign: "center" }}>{Math.round(scale * 100)} %</Typography>
          <Tooltip title={t("rg.schema.larger")}>
            <span>
              <IconButton aria-label={t("rg.schema.larger")} disabled={zoom === ZOOMS.length - 1} onClick={() => setZoom(zoom + 1)}><AddIcon fontSize="small" /></IconButton>
            </span>
          </Tooltip>
        </>
      }
    >
      <Card sx={{ overflow: "auto", maxHeight: "calc(100vh - 140px)" }} tabIndex={0} role="region" aria-label={t("rg.menu.schema")}>
        <svg viewBox={`${-MARGIN} ${-MARGIN} ${width} ${height}`} width={width * scale} height={height * scale} role="group" aria-label={t("rg.menu.schema")} style={{ display: "block", fontFamily: theme.typography.fontFamily }}>
          <defs>
            <marker id="to" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse">
              <path d="M0,0 L8,4 L0,8 z" fill={palette.text.secondary} />
            </marker>
          </defs>
          {edges.map((each) => {
            const [child, parent] = [laid.boxes.get(each.child), laid.boxes.get(each.parent)];
            if (!child || !parent) return null;
            const type = model.byName.get(each.child) as Type;
            const offset = Math.max(0, lines(type).findIndex((one) => one.reference?.relationship === each.label));
            const active = chosen === each.child || chosen === each.parent;
            return (
              <path
                key={`${each.child} ${each.label}`}
                d={curve(child, parent, offset)}
                fill="none"
                stroke={active ? palette.primary.main : palette.text.secondary}
                strokeWidth={active ? 2 : 1.2}
                opacity={chosen && !active ? 0.2 : active ? 1 : 0.55}
                markerEnd="url(#to)"
              >
                <title>{`${each.child}.${each.label} → ${each.parent}`}</title>
              </path>
            );
          })}
          {types.map((type) => {
            const at = laid.boxes.get(type.name);
            if (!at) return null;
            const faded = near !== undefined && !near.has(type.name) && chosen !== type.name;
            const open = () => void navigate(routes.list(type.name));
            return (
              <g
                key={type.name}
                transform={`translate(${at.x},${at.y})`}
                opacity={faded ? 0.35 : 1}
                role="link"
                tabIndex={0}
                aria-label={t("rg.schema.open", { label: type.plural })}
                onClick={open}
                onKeyDown={(event) => event.key === "Enter" && open()}
                onMouseEnter={() => setChosen(type.name)}
                onMouseLeave={() => setChosen(undefined)}
                onFocus={() => setChosen(type.name)}
                onBlur={() => setChosen(undefined)}
                style={{ cursor: "pointer" }}
              >
                <rect width={WIDTH} height={at.height} rx={7} fill={palette.background.paper} stroke={chosen === type.name ? palette.primary.main : palette.divider} strokeWidth={chosen === type.name ? 2 : 1} />
                <path d={`M0,${HEAD} H${WIDTH}`} stroke={palette.divider} />
                <text x={12} y={20} fontSize={13.5} fontWeight={650} fill={palette.text.primary}>{type.plural}</text>
                {lines(type).map((each, index) => (
                  <text key={each.name} x={12} y={HEAD + PAD + index * LINE + 13} fontSize={12} fill={palette.text.secondary}>
                    <tspan fontWeight={each.key ? 650 : 400} fill={each.key ? palette.text.primary : palette.text.secondary}>{each.name}</tspan>
                    <tspan x={WIDTH - 12} textAnchor="end">{each.derived ? "ƒ" : each.reference ? "→" : each.key ? t("rg.schema.key") : each.kind}</tspan>
                  </text>
                ))}
              </g>
            );
          })}
        </svg>
      </Card>
    </Page>
  );
}
