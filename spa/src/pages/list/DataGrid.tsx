// A table of rows: the first column is a link to the row, heads sort, boxes choose rows. On a phone: one card a row.

import { Box, Checkbox, Link as MuiLink, Table, TableBody, TableCell, TableHead, TableRow, TableSortLabel, useMediaQuery, type Theme } from "@mui/material";
import { UNSEEN } from "../../theme/unseen";
import { useTranslate } from "ra-core";
import { Link, useNavigate } from "react-router-dom";
import { useModel } from "../../app/context";
import { routes } from "../../app/routes";
import type { Row } from "../../data/document";
import { isNumeric } from "../../fields/format";
import { labelOf, Value } from "../../fields/Value";
import { nameOf, type Attribute, type Type } from "../../meta/model";

export interface Sorting {
  field: string;
  order: string;
}

interface Given {
  type: Type;
  rows: readonly Row[];
  columns: readonly Attribute[];
  sort?: Sorting;
  onSort?: (sort: Sorting) => void;
  selected?: readonly string[];
  onSelect?: (ids: string[]) => void;
  caption: string;
}

function right(attribute: Attribute): boolean {
  return isNumeric(attribute) && !attribute.reference && !attribute.key;
}

function FirstCell({ type, row, first }: { type: Type; row: Row; first: Attribute }) {
  const model = useModel();
  const parent = first.reference && (row[first.reference.relationship] as Row | null | undefined);
  const blank = row[first.name] === null || row[first.name] === undefined || row[first.name] === "";
  // The link leads to the row, also where a parent is what names it; a row without a name is called by its id.
  const name = first.reference ? (parent ? nameOf(model, first.reference.resource, parent) : String(row[first.name] ?? row.id)) : blank ? row.id : null;
  return (
    <MuiLink component={Link} to={routes.record(type.name, row.id)} underline="hover" sx={{ fontWeight: 600 }}>
      {name ?? <Value attribute={first} row={row} />}
    </MuiLink>
  );
}

export function DataGrid(given: Given) {
  const narrow = useMediaQuery((theme: Theme) => theme.breakpoints.down("sm"));
  return narrow ? <Cards {...given} /> : <Grid {...given} />;
}

function Grid({ type, rows, columns, sort, onSort, selected, onSelect, caption }: Given) {
  const t = useTranslate();
  const model = useModel();
  const navigate = useNavigate();
  const chosen = new Set(selected);
  const all = rows.length > 0 && rows.every((row) => chosen.has(row.id));
  const some = rows.some((row) => chosen.has(row.id));

  function toggle(id: string) {
    onSelect?.(chosen.has(id) ? [...chosen].filter((each) => each !== id) : [...chosen, id]);
  }

  return (
    <Box sx={{ overflowX: "auto" }} tabIndex={0} role="region" aria-label={caption}>
      <Table size="small">
        <caption style={UNSEEN}>{caption}</caption>
        <TableHead>
          <TableRow>
            {onSelect && (
              <TableCell padding="checkbox">
                <Checkbox
                  size="small"
                  checked={all}
                  indeterminate={some && !all}
                  onChange={() => onSelect(all ? [] : rows.map((row) => row.id))}
                  slotProps={{ input: { "aria-label": t("rg.list.selectAll") } }}
                />
              </TableCell>
            )}
            {columns.map((each) => {
              const active = sort?.field === each.name;
              const direction = active && sort.order === "DESC" ? "desc" : "asc";
              return (
                <TableCell key={each.name} align={right(each) ? "right" : "left"} sortDirection={active ? direction : false} title={each.derived ?? undefined}>
                  {onSort && each.sortable ? (
                    <TableSortLabel
                      active={active}
                      direction={direction}
                      onClick={() => onSort({ field: each.name, order: active && direction === "asc" ? "DESC" : "ASC" })}
                    >
                      {labelOf(each, type.parents)}
                    </TableSortLabel>
                  ) : (
                    labelOf(each, type.parents)
                  )}
                </TableCell>
              );
            })}
          </TableRow>
        </TableHead>
        <TableBody>
          {rows.map((row) => (
            <TableRow
              key={row.id}
              hover
              selected={chosen.has(row.id)}
              onClick={(event) => {
                // The whole row is a target for the mouse; the link in it is the one for the keyboard.
                if ((event.target as HTMLElement).closest("a, button, input, label")) return;
                if (getSelection()?.toString()) return;
                void navigate(routes.record(type.name, row.id));
              }}
              sx={{ cursor: "pointer", "&:last-child td": { borderBottom: 0 } }}
            >
              {onSelect && (
                <TableCell padding="checkbox">
                  <Checkbox
                    size="small"
                    sx={{ p: 0.5 }}
                    checked={chosen.has(row.id)}
                    onChange={() => toggle(row.id)}
                    slotProps={{ input: { "aria-label": t("rg.list.select", { name: nameOf(model, type.name, row) }) } }}
                  />
                </TableCell>
              )}
              {columns.map((each, index) => (
                <TableCell
                  key={each.name}
                  align={right(each) ? "right" : "left"}
                  sx={{ whiteSpace: "nowrap", maxWidth: 210, overflow: "hidden", textOverflow: "ellipsis" }}
                >
                  {index === 0 ? <FirstCell type={type} row={row} first={each} /> : <Value attribute={each} row={row} />}
                </TableCell>
              ))}
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </Box>
  );
}

/** As many values as fit a card without becoming a form. */
const ON_A_CARD = 5;

function Cards({ type, rows, columns, selected, onSelect, caption }: Given) {
  const t = useTranslate();
  const model = useModel();
  const chosen = new Set(selected);
  const [first, ...rest] = columns;
  if (!first) return null;
  return (
    <Box component="ul" aria-label={caption} sx={{ listStyle: "none", m: 0, p: 0 }}>
      {rows.map((row) => (
        <Box component="li" key={row.id} sx={{ display: "flex", gap: 1, px: 1.5, py: 1.2, borderBottom: 1, borderColor: "divider", "&:last-child": { borderBottom: 0 } }}>
          {onSelect && (
            <Checkbox
              size="small"
              sx={{ p: 0.5, alignSelf: "start" }}
              checked={chosen.has(row.id)}
              onChange={() => onSelect(chosen.has(row.id) ? [...chosen].filter((each) => each !== row.id) : [...chosen, row.id])}
              slotProps={{ input: { "aria-label": t("rg.list.select", { name: nameOf(model, type.name, row) }) } }}
            />
          )}
          <Box sx={{ minWidth: 0, flex: 1 }}>
            <FirstCell type={type} row={row} first={first} />
            <Box component="dl" sx={{ m: 0, mt: 0.25, display: "grid", gridTemplateColumns: "minmax(90px, auto) 1fr", columnGap: 1.5, rowGap: 0.1, fontSize: 13 }}>
              {rest.slice(0, ON_A_CARD).map((each) => (
                <Box key={each.name} sx={{ display: "contents" }}>
                  <Box component="dt" sx={{ color: "text.secondary" }}>{labelOf(each, type.parents)}</Box>
                  <Box component="dd" sx={{ m: 0, overflow: "hidden", textOverflow: "ellipsis" }}>
                    <Value attribute={each} row={row} />
                  </Box>
                </Box>
              ))}
            </Box>
          </Box>
        </Box>
      ))}
    </Box>
  );
}
