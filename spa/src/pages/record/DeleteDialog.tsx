// Asks before a row is deleted; a refusal stays in the dialog, in the server's words.

import { Alert, Button, Dialog, DialogActions, DialogContent, DialogTitle, Typography } from "@mui/material";
import { useQueryClient } from "@tanstack/react-query";
import { useDataProvider, useNotify, useTranslate } from "ra-core";
import { useState } from "react";
import { useNavigate } from "react-router-dom";
import { routes } from "../../app/routes";
import { ApiError } from "../../data/http";
import type { Type } from "../../meta/model";

export function DeleteDialog({ type, id, name, onClose }: { type: Type; id: string; name: string; onClose: () => void }) {
  const t = useTranslate();
  const provider = useDataProvider();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const notify = useNotify();
  const [refused, setRefused] = useState<string>();
  const [busy, setBusy] = useState(false);

  async function run() {
    setBusy(true);
    try {
      await provider.delete(type.name, { id });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setRefused(error.message);
      setBusy(false);
      return;
    }
    // A rule may have changed anything else. What is on the page now is about to go and must not be asked for again.
    await queries.invalidateQueries({ refetchType: "none" });
    await navigate(routes.list(type.name));
    notify("rg.record.deleted", { type: "success", messageArgs: { name } });
  }

  return (
    <Dialog open onClose={onClose} aria-labelledby="delete-title" maxWidth="xs" fullWidth>
      <DialogTitle id="delete-title" variant="h2">{t("rg.record.deleteTitle", { name })}</DialogTitle>
      <DialogContent>
        {refused ? <Alert severity="error">{refused}</Alert> : <Typography>{t("rg.record.deleteHint")}</Typography>}
      </DialogContent>
      <DialogActions>
        <Button color="inherit" onClick={onClose}>{t("rg.action.cancel")}</Button>
        <Button variant="contained" color="error" disabled={busy || refused !== undefined} onClick={() => void run()}>
          {t("rg.action.delete")}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
