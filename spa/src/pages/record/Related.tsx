// The related rows of a record, one tab for each relationship with the number of rows behind it.

import AddIcon from "@mui/icons-material/Add";
import OpenInFullOutlined from "@mui/icons-material/OpenInFullOutlined";
import { Box, Button, Card, Stack, Tab, Tabs } from "@mui/material";
import { useGetManyReference, useTranslate } from "ra-core";
import { useState } from "react";
import { Link } from "react-router-dom";
import { useLocale, useModel } from "../../app/context";
import { routes } from "../../app/routes";
import { Busy, Empty, Failure } from "../../app/states";
import type { Row } from "../../data/document";
import { columns, type Relationship, type Type } from "../../meta/model";
import { DataGrid, type Sorting } from "../list/DataGrid";
import { Pager } from "../list/Pager";
import { useCounts } from "./useCounts";
import { Sharing } from "../../policy/Sharing";

interface Given {
  type: Type;
  row: Row;
}

const SHARING = "\u0000sharing";

export function Related({ type, row }: Given) {
  const t = useTranslate();
  const locale = useLocale();
  const model = useModel();
  const tabs = type.children.filter((each) => model.byName.get(each.resource)?.can.read);
  const [chosen, setChosen] = useState(tabs[0]?.name ?? SHARING);
  const [counted, setCounted] = useState<Record<string, number>>({});
  const counts = { ...useCounts(type.name, row.id, tabs.length > 1), ...counted };
  const sharing = model.may.relationships && type.sharing !== null;
  const now = tabs.find((each) => each.name === chosen);
  if (tabs.length === 0 && !sharing) return null;
  return (
    <Card>
      <Tabs
        value={chosen}
        onChange={(_event, name: string) => setChosen(name)}
        variant="scrollable"
        scrollButtons="auto"
        aria-label={t("rg.record.related")}
        sx={{ borderBottom: 1, borderColor: "divider", px: 1 }}
      >
        {tabs.map((each) => {
          const count = counts[each.name];
          return (
            <Tab
              key={each.name}
              value={each.name}
              id={`tab-${each.name}`}
              aria-controls={`panel-${each.name}`}
              label={
                <span>
                  {each.label}
                  {count !== undefined && (
                    <Box component="span" sx={{ ml: 0.8, color: "text.secondary", fontWeight: 500, fontVariantNumeric: "tabular-nums" }}>
                      {new Intl.NumberFormat(locale).format(count)}
                    </Box>
                  )}
                </span>
              }
            />
          );
        })}
        {sharing && <Tab value={SHARING} id="tab-sharing" aria-controls="panel-sharing" label={t("rg.sharing.tab")} />}
      </Tabs>
      {now && (
        <Box role="tabpanel" id={`panel-${now.name}`} aria-labelledby={`tab-${now.name}`}>
          <Rows
            key={now.name}
            type={type}
            row={row}
            relationship={now}
            onCount={(count) => setCounted((before) => (before[now.name] === count ? before : { ...before, [now.name]: count }))}
          />
        </Box>
      )}
      {sharing && chosen === SHARING && (
        <Box role="tabpanel" id="panel-sharing" aria-labelledby="tab-sharing">
          <Sharing type={type} row={row} />
        </Box>
      )}
    </Card>
  );
}

const PER_PAGE = 10;

function Rows({ type, row, relationship, onCount }: Given & { relationship: Relationship; onCount: (count: number) => void }) {
  const t = useTranslate();
  const model = useModel();
  const target = model.byName.get(relationship.resource) as Type;
  const [page, setPage] = useState(1);
  const [sort, setSort] = useState<Sorting>(target.sort ?? { field: "id", order: "ASC" });
  const back = new Set(relationship.fks);
  // The column that leads back to this very record says nothing here.
  const shown = columns(target, relationship.attributes)
    .filter((each) => !back.has(each.name))
    .slice(0, relationship.attributes ? undefined : target.maxListColumns);
  const include = target.parents
    .filter((parent) => shown.some((each) => each.reference?.relationship === parent.name))
    .map((parent) => parent.name);
  const { data, total, isPending, error, refetch } = useGetManyReference<Row>(target.name, {
    target: relationship.name,
    id: row.id,
    pagination: { page, perPage: PER_PAGE },
    sort: sort as never,
    meta: { parent: { type: type.name, relationship: relationship.name }, include },
  });
  if (error) return <Box sx={{ px: 2 }}><Failure error={error} retry={() => void refetch()} /></Box>;
  if (isPending) return <Busy />;
  if (total !== undefined) queueMicrotask(() => onCount(total));

  const initial = Object.fromEntries(relationship.fks.map((name, index) => [name, row[type.key[index] ?? "id"] ?? row.id]));
  const add = target.can.insert && (
    <Button
      startIcon={<AddIcon />}
      component={Link}
      to={routes.create(target.name)}
      state={{ initial, back: routes.record(type.name, row.id) }}
    >
      {t("rg.record.add")}
    </Button>
  );
  if (data.length === 0) {
    return <Empty title={t("rg.record.noRelated", { label: relationship.label })}>{add}</Empty>;
  }
  const filter = relationship.fks.length === 1 ? { [relationship.fks[0] as string]: { op: "eq", val: initial[relationship.fks[0] as string] } } : undefined;
  return (
    <>
      <DataGrid type={target} rows={data} columns={shown} sort={sort} onSort={setSort} caption={relationship.label} />
      <Stack direction="row" sx={{ px: 1.5, py: 0.5, gap: 1, alignItems: "center", flexWrap: "wrap" }}>
        {add}
        {filter && (
          <Button color="inherit" startIcon={<OpenInFullOutlined sx={{ fontSize: "15px !important" }} />} component={Link} to={`${routes.list(target.name)}?${new URLSearchParams({ filter: JSON.stringify(filter) }).toString()}`} sx={{ color: "text.secondary" }}>
            {t("rg.record.openList")}
          </Button>
        )}
        <Box sx={{ flex: 1 }} />
        {total !== undefined && total > PER_PAGE && <Pager page={page} perPage={PER_PAGE} total={total} onPage={setPage} />}
      </Stack>
    </>
  );
}
