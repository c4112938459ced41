// What can be done to the chosen rows at once, and what became of each of them.

import CheckCircleOutlined from "@mui/icons-material/CheckCircleOutlined";
import ErrorOutlineOutlined from "@mui/icons-material/ErrorOutlineOutlined";
import { Box, Button, Dialog, DialogActions, DialogContent, DialogTitle, LinearProgress, MenuItem, Stack, TextField, Typography } from "@mui/material";
import { useDataProvider, useRefresh, useTranslate } from "ra-core";
import { useState } from "react";
import { useModel } from "../../app/context";
import type { Row } from "../../data/document";
import { eachRow, type Outcome } from "../../data/provider";
import { labelOf } from "../../fields/Value";
import { AttributeInput, parsed } from "../../inputs/AttributeInput";
import { nameOf, type Attribute, type Type } from "../../meta/model";

interface Given {
  type: Type;
  rows: readonly Row[];
  selected: readonly string[];
  onSelect: (ids: string[]) => void;
}

type Doing = "edit" | "delete";

export function BulkBar({ type, rows, selected, onSelect }: Given) {
  const t = useTranslate();
  const [doing, setDoing] = useState<Doing>();
  if (selected.length === 0) return null;
  return (
    <Stack
      direction="row"
      role="region"
      aria-label={t("rg.bulk.region")}
      sx={{ alignItems: "center", gap: 1, px: 2, py: 0.75, bgcolor: "action.selected", borderBottom: 1, borderColor: "divider", flexWrap: "wrap" }}
    >
      <Typography sx={{ fontWeight: 650, fontSize: 13 }}>{t("rg.bulk.selected", { smart_count: selected.length })}</Typography>
      <Box sx={{ flex: 1 }} />
      {type.can.update && <Button onClick={() => setDoing("edit")}>{t("rg.bulk.edit")}</Button>}
      {type.can.delete && (
        <Button color="error" onClick={() => setDoing("delete")}>
          {t("rg.action.delete")}
        </Button>
      )}
      <Button color="inherit" onClick={() => onSelect([])}>{t("rg.bulk.clear")}</Button>
      {doing && <BulkDialog doing={doing} type={type} rows={rows} ids={selected} onClose={() => setDoing(undefined)} onSelect={onSelect} />}
    </Stack>
  );
}

interface DialogGiven {
  doing: Doing;
  type: Type;
  rows: readonly Row[];
  ids: readonly string[];
  onClose: () => void;
  onSelect: (ids: string[]) => void;
}

function BulkDialog({ doing, type, rows, ids, onClose, onSelect }: DialogGiven) {
  const t = useTranslate();
  const model = useModel();
  const provider = useDataProvider();
  const refresh = useRefresh();
  const editable = type.attributes.filter((each) => !each.readonly && !each.hidden && !each.hideEdit && !each.key);
  const [attribute, setAttribute] = useState<Attribute>();
  const [value, setValue] = useState<unknown>(null);
  const [done, setDone] = useState(0);
  const [running, setRunning] = useState(false);
  const [outcomes, setOutcomes] = useState<Outcome[]>();
  const names = new Map(rows.map((row) => [row.id, nameOf(model, type.name, row)]));
  const sent = attribute && (attribute.kind === "boolean" ? Boolean(value) : parsed(attribute, value));
  const ready = doing === "delete" || (attribute !== undefined && sent !== undefined);
  const failed = outcomes?.filter((each) => each.error) ?? [];

  async function run() {
    setRunning(true);
    const act = (id: string) =>
      doing === "delete"
        ? provider.delete(type.name, { id })
        : provider.update(type.name, { id, data: { [(attribute as Attribute).name]: sent }, previousData: { id } });
    const found = await eachRow(ids, act, setDone);
    setRunning(false);
    setOutcomes(found);
    refresh();
  }

  function close() {
    // What was refused stays chosen, to be dealt with.
    if (outcomes) onSelect(failed.map((each) => each.id));
    onClose();
  }

  const title = t(doing === "delete" ? "rg.bulk.deleteTitle" : "rg.bulk.editTitle", { smart_count: ids.length, label: type.label });
  return (
    <Dialog open onClose={running ? undefined : close} fullWidth maxWidth="sm" aria-labelledby="bulk-title">
      <DialogTitle id="bulk-title" variant="h2">{title}</DialogTitle>
      <DialogContent>
        {!outcomes && doing === "delete" && <Typography>{t("rg.bulk.deleteHint")}</Typography>}
        {!outcomes && doing === "edit" && (
          <Stack spacing={2} sx={{ pt: 1 }}>
            <TextField
              select
              label={t("rg.filter.field")}
              value={attribute?.name ?? ""}
              onChange={(event) => {
                setAttribute(type.byName.get(event.target.value));
                setValue(null);
              }}
            >
              {editable.map((each) => (
                <MenuItem key={each.name} value={each.name}>{labelOf(each, type.parents)}</MenuItem>
              ))}
            </TextField>
            {attribute && <AttributeInput key={attribute.name} attribute={attribute} label={t("rg.bulk.newValue")} value={value} onChange={setValue} />}
          </Stack>
        )}
        {running && <LinearProgress variant="determinate" value={(100 * done) / ids.length} aria-label={t("rg.bulk.progress")} sx={{ mt: 2 }} />}
        {outcomes && (
          <>
            <Typography sx={{ mb: 1 }}>
              {t("rg.bulk.result", { done: outcomes.length - failed.length, failed: failed.length })}
            </Typography>
            <Box component="ul" tabIndex={0} aria-label={t("rg.bulk.outcomes")} sx={{ listStyle: "none", p: 0, m: 0, maxHeight: 320, overflowY: "auto" }}>
              {[...failed, ...outcomes.filter((each) => !each.error)].map((each) => (
                <Stack component="li" direction="row" key={each.id} sx={{ gap: 1, py: 0.5, borderBottom: 1, borderColor: "divider" }}>
                  {each.error ? <ErrorOutlineOutlined fontSize="small" color="error" titleAccess={t("rg.bulk.refused")} /> : <CheckCircleOutlined fontSize="small" color="success" titleAccess={t("rg.bulk.done")} />}
                  <Box>
                    <Box component="b" sx={{ fontWeight: 600 }}>{names.get(each.id) ?? each.id}</Box>
                    {each.error && <Typography variant="body2" sx={{ color: "text.secondary" }}>{each.error.message}</Typography>}
                  </Box>
                </Stack>
              ))}
            </Box>
          </>
        )}
      </DialogContent>
      <DialogActions>
        {outcomes ? (
          <Button variant="contained" onClick={close}>{t("rg.action.close")}</Button>
        ) : (
          <>
            <Button color="inherit" onClick={close} disabled={running}>{t("rg.action.cancel")}</Button>
            <Button variant="contained" color={doing === "delete" ? "error" : "primary"} disabled={!ready || running} onClick={() => void run()}>
              {t(doing === "delete" ? "rg.action.delete" : "rg.bulk.apply")}
            </Button>
          </>
        )}
      </DialogActions>
    </Dialog>
  );
}
