// The list of a type: search, conditions, sort, columns, pages, many rows at once, and as a file.

import AddIcon from "@mui/icons-material/Add";
import FileDownloadOutlined from "@mui/icons-material/FileDownloadOutlined";
import FileUploadOutlined from "@mui/icons-material/FileUploadOutlined";
import HelpOutlineOutlined from "@mui/icons-material/HelpOutlineOutlined";
import SearchIcon from "@mui/icons-material/Search";
import { Box, Button, Card, IconButton, InputAdornment, LinearProgress, Stack, TextField, Tooltip } from "@mui/material";
import { useListController, useNotify, useTranslate } from "ra-core";
import { useEffect, useState } from "react";
import { Link } from "react-router-dom";
import { useApp, useLocale } from "../../app/context";
import { Page } from "../../app/Page";
import { routes } from "../../app/routes";
import { Busy, Empty, Failure } from "../../app/states";
import type { Row } from "../../data/document";
import { download } from "../../data/download";
import { ApiError } from "../../data/http";
import { address, parameters, type Filter } from "../../data/query";
import { useDelayed } from "../../inputs/Lookup";
import type { Type } from "../../meta/model";
import { Info } from "../Info";
import { BulkBar } from "./BulkBar";
import { ColumnsMenu } from "./ColumnsMenu";
import { DataGrid } from "./DataGrid";
import { FilterBar } from "./FilterBar";
import { Pager } from "./Pager";
import { useColumns } from "./useColumns";

function SearchBox({ value, onSearch }: { value: string; onSearch: (text: string) => void }) {
  const t = useTranslate();
  const [text, setText] = useState(value);
  const settled = useDelayed(text);
  useEffect(() => {
    if (settled !== value) onSearch(settled);
    // What was typed leads; the address follows.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [settled]);
  return (
    <TextField
      value={text}
      onChange={(event) => setText(event.target.value)}
      placeholder={t("rg.list.search")}
      type="search"
      sx={{ width: { xs: "100%", sm: 260 } }}
      slotProps={{
        htmlInput: { "aria-label": t("rg.list.search") },
        input: {
          startAdornment: (
            <InputAdornment position="start">
              <SearchIcon fontSize="small" />
            </InputAdornment>
          ),
        },
      }}
    />
  );
}

export function ListPage({ type }: { type: Type; id: string }) {
  const t = useTranslate();
  const locale = useLocale();
  const notify = useNotify();
  const { model, why } = useApp();
  const { shown } = useColumns(type);
  const first = type.key[0] ?? "id";
  const list = useListController<Row>({
    resource: type.name,
    perPage: type.perPage,
    sort: type.sort ?? { field: first, order: "ASC" },
    disableAuthentication: true,
    queryOptions: {
      onError: () => undefined, // the page shows it
      meta: { include: type.parents.filter((each) => shown.some((one) => one.reference?.relationship === each.name)).map((each) => each.name) },
    },
  });
  const { data: rows = [], total, isPending, isFetching, error } = list;
  const filter = (list.filterValues ?? {}) as Filter;
  const filtered = Object.keys(filter).length > 0;

  function setFilter(wanted: Filter) {
    list.setFilters(wanted, undefined, false);
  }

  async function exportRows() {
    const wanted = parameters({ filter, sort: list.sort });
    wanted.set("format", "csv");
    try {
      await download(address(`api/${encodeURIComponent(type.name)}`, wanted), `${type.name}.csv`);
    } catch (refusal) {
      if (!(refusal instanceof ApiError)) throw refusal;
      notify(refusal.message, { type: "error" });
    }
  }

  const count = total === undefined ? undefined : new Intl.NumberFormat(locale).format(total);
  return (
    <Page
      title={type.plural}
      aside={count}
      actions={
        <>
          {model.may.why && (
            <Button color="inherit" startIcon={<HelpOutlineOutlined />} onClick={() => why({ resource: type.name })}>
              {t("rg.why.list")}
            </Button>
          )}
          {type.csv && (
            <Tooltip title={t("rg.list.export")}>
              <IconButton onClick={() => void exportRows()} aria-label={t("rg.list.export")}>
                <FileDownloadOutlined fontSize="small" />
              </IconButton>
            </Tooltip>
          )}
          {type.importable && (
            <Tooltip title={t("rg.menu.import")}>
              <IconButton component={Link} to={routes.imports(type.name)} aria-label={t("rg.menu.import")}>
                <FileUploadOutlined fontSize="small" />
              </IconButton>
            </Tooltip>
          )}
          <ColumnsMenu type={type} />
          {type.can.insert && (
            <Button variant="contained" startIcon={<AddIcon />} component={Link} to={routes.create(type.name)}>
              {t("rg.action.create")}
            </Button>
          )}
        </>
      }
    >
      <Info html={type.infoList} name={`${type.name} list`} />
      <Stack direction="row" sx={{ gap: 1, mb: 1.5, flexWrap: "wrap", alignItems: "center" }}>
        {type.searchable && <SearchBox value={typeof filter.q === "string" ? filter.q : ""} onSearch={(q) => setFilter(q ? { ...filter, q } : without(filter, "q"))} />}
        <FilterBar type={type} filter={filter} onFilter={setFilter} />
      </Stack>
      {error ? (
        <Failure error={error} retry={() => void list.refetch()} />
      ) : (
        <Card>
          <Box sx={{ height: 2 }}>{isFetching && !isPending && <LinearProgress sx={{ height: 2 }} aria-label={t("rg.state.loading")} />}</Box>
          <BulkBar type={type} rows={rows} selected={list.selectedIds.map(String)} onSelect={(ids) => list.onSelect(ids)} />
          {isPending ? (
            <Busy />
          ) : rows.length === 0 ? (
            filtered ? (
              <Empty title={t("rg.list.noMatch")} hint={t("rg.list.noMatchHint")}>
                <Button variant="outlined" onClick={() => setFilter({})}>{t("rg.list.clearFilters")}</Button>
              </Empty>
            ) : (
              <Empty title={t("rg.list.empty", { label: type.plural })} hint={t(type.can.insert ? "rg.list.emptyHintInsert" : "rg.list.emptyHint")}>
                {model.may.why && <Button variant="outlined" onClick={() => why({ resource: type.name })}>{t("rg.why.empty")}</Button>}
                {type.can.insert && (
                  <Button variant="contained" component={Link} to={routes.create(type.name)}>{t("rg.action.create")}</Button>
                )}
              </Empty>
            )
          ) : (
            <>
              <DataGrid
                type={type}
                rows={rows}
                columns={shown}
                sort={list.sort}
                onSort={(sort) => list.setSort(sort as never)}
                selected={list.selectedIds.map(String)}
                onSelect={type.can.update || type.can.delete ? (ids) => list.onSelect(ids) : undefined}
                caption={type.plural}
              />
              {total !== undefined && <Pager page={list.page} perPage={list.perPage} total={total} onPage={list.setPage} onPerPage={list.setPerPage} />}
            </>
          )}
        </Card>
      )}
    </Page>
  );
}

function without(filter: Filter, name: string): Filter {
  const { [name]: _gone, ...rest } = filter;
  return rest;
}
