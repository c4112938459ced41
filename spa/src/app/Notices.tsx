// Short notices at the foot of the page: what was saved, what was refused.

import { Alert, Snackbar } from "@mui/material";
import { useNotificationContext, useTranslate, type NotificationPayload } from "ra-core";
import { useEffect, useState } from "react";

const SECONDS = { error: 9, other: 4 };

export function Notices() {
  const t = useTranslate();
  const { notifications, takeNotification } = useNotificationContext();
  const [shown, setShown] = useState<NotificationPayload>();
  const [open, setOpen] = useState(false);

  useEffect(() => {
    if (notifications.length > 0 && !shown) {
      setShown(takeNotification() ?? undefined);
      setOpen(true);
    } else if (notifications.length > 0 && shown && open) {
      setOpen(false); // the next one takes its place
    }
  }, [notifications, shown, open, takeNotification]);

  if (!shown) return null;
  const severity = shown.type === "error" || shown.type === "warning" || shown.type === "success" ? shown.type : "info";
  const words = typeof shown.message === "string" ? t(shown.message, { _: shown.message, ...shown.notificationOptions?.messageArgs }) : shown.message;
  return (
    <Snackbar
      open={open}
      autoHideDuration={(severity === "error" ? SECONDS.error : SECONDS.other) * 1000}
      onClose={(_event, reason) => reason !== "clickaway" && setOpen(false)}
      slotProps={{ transition: { onExited: () => setShown(undefined) } }}
      anchorOrigin={{ vertical: "bottom", horizontal: "center" }}
    >
      <Alert severity={severity} variant="filled" onClose={() => setOpen(false)} sx={{ maxWidth: 640 }}>
        {words}
      </Alert>
    </Snackbar>
  );
}
