// "What would s1 see?": choose the user; the whole app then answers as that user, for reading only.

import { Alert, Button, Dialog, DialogActions, DialogContent, DialogTitle, Typography } from "@mui/material";
import { useTranslate } from "ra-core";
import { useState } from "react";
import { useApp } from "../app/context";
import { ApiError } from "../data/http";
import { UserPicker } from "./UserPicker";

export function ViewAsDialog({ onClose }: { onClose: () => void }) {
  const t = useTranslate();
  const { view } = useApp();
  const [user, setUser] = useState("");
  const [refused, setRefused] = useState<string>();
  const [busy, setBusy] = useState(false);

  async function start() {
    setBusy(true);
    try {
      await view(user);
      onClose();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setRefused(error.message);
      setBusy(false);
    }
  }

  return (
    <Dialog open onClose={onClose} fullWidth maxWidth="xs" aria-labelledby="view-as-title">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void start();
        }}
      >
        <DialogTitle id="view-as-title" variant="h2">{t("rg.viewAs.title")}</DialogTitle>
        <DialogContent>
          <Typography sx={{ color: "text.secondary", mb: 2 }}>{t("rg.viewAs.hint")}</Typography>
          <UserPicker
            label={t("rg.viewAs.user")}
            value={user}
            onChange={(chosen) => {
              setUser(chosen);
              setRefused(undefined);
            }}
            autoFocus
          />
          {refused && <Alert severity="error" sx={{ mt: 2 }}>{refused}</Alert>}
        </DialogContent>
        <DialogActions>
          <Button color="inherit" onClick={onClose}>{t("rg.action.cancel")}</Button>
          <Button type="submit" variant="contained" disabled={!user || busy}>{t("rg.viewAs.start")}</Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
