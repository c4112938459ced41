// Rows from a file: tried first without writing anything, with what is wrong in each line; then written, all or none.

import UploadFileOutlined from "@mui/icons-material/UploadFileOutlined";
import { Alert, Box, Button, Card, MenuItem, Stack, Table, TableBody, TableCell, TableHead, TableRow, TextField, Typography } from "@mui/material";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslate } from "ra-core";
import { useRef, useState } from "react";
import { Link, useSearchParams } from "react-router-dom";
import { useModel } from "../app/context";
import { Page } from "../app/Page";
import { routes } from "../app/routes";
import { Empty } from "../app/states";
import { ApiError, ask, words, type Fault } from "../data/http";
import { address } from "../data/query";

interface Report {
  meta: { dry_run: boolean; rows: number; accepted: number; refused: number; written: number; ignored: string[]; complete: boolean };
  errors: Fault[];
}

function attributeOf(fault: Fault): string {
  return /\/(?:attributes|relationships)\/([^/]+)/.exec(fault.source?.pointer ?? "")?.[1] ?? "";
}

export default function ImportPage() {
  const t = useTranslate();
  const model = useModel();
  const queries = useQueryClient();
  const [query, setQuery] = useSearchParams();
  const types = model.types.filter((each) => each.importable);
  const type = types.find((each) => each.name === query.get("resource"));
  const [file, setFile] = useState<File>();
  const [report, setReport] = useState<Report>();
  const [refused, setRefused] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);

  async function send(chosen: File, dry: boolean) {
    if (!type) return;
    setBusy(true);
    setRefused(undefined);
    const where = address("admin/import", new URLSearchParams({ resource: type.name, ...(dry ? { dry_run: "1" } : {}) }));
    const json = /json$/i.test(chosen.type) || /\.json$/i.test(chosen.name);
    try {
      const headers = { "Content-Type": json ? "application/json" : "text/csv; charset=utf-8" };
      setReport((await ask<Report>(where, { method: "POST", raw: chosen, headers })).data);
      if (!dry) void queries.invalidateQueries();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setReport(undefined);
      setRefused(error);
    }
    setBusy(false);
  }

  function choose(chosen: File | undefined) {
    setReport(undefined);
    setRefused(undefined);
    setFile(chosen);
    if (chosen) void send(chosen, true);
  }

  const written = report && !report.meta.dry_run && report.meta.written > 0;
  return (
    <Page title={t("rg.menu.import")} crumbs={type ? [{ label: type.plural, to: routes.list(type.name) }] : []}>
      {types.length === 0 ? (
        <Empty title={t("rg.import.nothing")} />
      ) : (
        <Box sx={{ maxWidth: 980 }}>
          <Card sx={{ p: 2.5, mb: 2 }}>
            <Stack direction={{ xs: "column", sm: "row" }} sx={{ gap: 1.5, alignItems: { sm: "center" } }}>
              <TextField
                select
                label={t("rg.import.into")}
                value={type?.name ?? ""}
                onChange={(event) => {
                  choose(undefined);
                  setQuery({ resource: event.target.value });
                }}
                sx={{ minWidth: 220 }}
              >
                {types.map((each) => (
                  <MenuItem key={each.name} value={each.name}>{each.plural}</MenuItem>
                ))}
              </TextField>
              <input
                ref={input}
                type="file"
                accept=".csv,.json,text/csv,application/json"
                hidden
                onChange={(event) => {
                  choose(event.target.files?.[0]);
                  event.target.value = "";
                }}
              />
              <Button variant="outlined" startIcon={<UploadFileOutlined />} disabled={!type || busy} onClick={() => input.current?.click()}>
                {t("rg.import.choose")}
              </Button>
              {file && <Typography sx={{ color: "text.secondary", overflowWrap: "anywhere" }}>{file.name}</Typography>}
            </Stack>
            {type && (
              <Typography variant="body2" sx={{ color: "text.secondary", mt: 1.5 }}>
                {t("rg.import.columns")} <code>{type.attributes.filter((each) => !each.readonly && !each.hidden).map((each) => each.name).join(", ")}</code>
              </Typography>
            )}
          </Card>
          {refused && (
            <Alert severity="error" sx={{ mb: 2 }}>
              {refused.faults.map((fault, index) => (
                <div key={index}>{words(fault)} {fault.meta?.hint}</div>
              ))}
            </Alert>
          )}
          {report && (
            <>
              <Alert
                severity={written ? "success" : report.errors.length > 0 ? "error" : "info"}
                sx={{ mb: 2, alignItems: "center" }}
                action={
                  written && type ? (
                    <Button color="inherit" component={Link} to={routes.list(type.name)}>{t("rg.import.open")}</Button>
                  ) : report.errors.length === 0 && file ? (
                    <Button color="inherit" variant="outlined" disabled={busy} onClick={() => void send(file, false)}>
                      {t("rg.import.write", { smart_count: report.meta.accepted })}
                    </Button>
                  ) : undefined
                }
              >
                {written
                  ? t("rg.import.written", { smart_count: report.meta.written })
                  : report.errors.length > 0
                    ? t("rg.import.faulty", { refused: report.meta.refused, rows: report.meta.rows })
                    : t("rg.import.fine", { smart_count: report.meta.accepted })}
                {report.meta.ignored.length > 0 && <div>{t("rg.import.ignored", { names: report.meta.ignored.join(", ") })}</div>}
                {!report.meta.complete && <div>{t("rg.import.cut")}</div>}
              </Alert>
              {report.errors.length > 0 && (
                <Card sx={{ overflowX: "auto" }} tabIndex={0} role="region" aria-label={t("rg.import.faults")}>
                  <Table size="small">
                    <TableHead>
                      <TableRow>
                        <TableCell align="right">{t("rg.import.line")}</TableCell>
                        <TableCell>{t("rg.filter.field")}</TableCell>
                        <TableCell>{t("rg.import.what")}</TableCell>
                      </TableRow>
                    </TableHead>
                    <TableBody>
                      {report.errors.map((fault, index) => (
                        <TableRow key={index}>
                          <TableCell align="right">{String(fault.meta?.line ?? fault.meta?.row ?? "")}</TableCell>
                          <TableCell sx={{ whiteSpace: "nowrap" }}>{type?.byName.get(attributeOf(fault))?.label ?? attributeOf(fault)}</TableCell>
                          <TableCell>{words(fault)}</TableCell>
                        </TableRow>
                      ))}
                    </TableBody>
                  </Table>
                </Card>
              )}
            </>
          )}
        </Box>
      )}
    </Page>
  );
}
