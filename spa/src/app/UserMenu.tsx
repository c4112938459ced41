// Who is signed in, with roles and claims; from here one views as somebody else, and signs out.

import LogoutOutlined from "@mui/icons-material/LogoutOutlined";
import VisibilityOutlined from "@mui/icons-material/VisibilityOutlined";
import { Avatar, Box, Button, Chip, Divider, ListItemIcon, Menu, MenuItem, Stack, Typography } from "@mui/material";
import { useTranslate } from "ra-core";
import { useState } from "react";
import { ViewAsDialog } from "../policy/ViewAsDialog";
import { useApp } from "./context";

export function UserMenu() {
  const t = useTranslate();
  const { session, model, signOut } = useApp();
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const [choosing, setChoosing] = useState(false);
  const user = session.principal;
  if (!user) return null;
  const claims = Object.entries(user.claims).filter(([name, value]) => name !== "id" && value !== null);
  return (
    <>
      <Button
        color="inherit"
        onClick={(event) => setAnchor(event.currentTarget)}
        aria-label={t("rg.user.menu", { name: user.id })}
        aria-haspopup="menu"
        sx={{ gap: 1, px: 0.75, minWidth: 0 }}
      >
        <Avatar sx={{ width: 26, height: 26, fontSize: 12, fontWeight: 650, bgcolor: "primary.main", color: "primary.contrastText" }}>
          {user.id.slice(0, 2).toUpperCase()}
        </Avatar>
        <Box component="span" sx={{ display: { xs: "none", sm: "inline" } }}>{user.id}</Box>
      </Button>
      <Menu open={anchor !== null} anchorEl={anchor} onClose={() => setAnchor(null)} slotProps={{ paper: { sx: { minWidth: 250 } } }}>
        <Box component="li" sx={{ px: 2, py: 1 }} role="presentation">
          <Typography sx={{ fontWeight: 650 }}>{user.id}</Typography>
          <Stack direction="row" sx={{ flexWrap: "wrap", gap: 0.5, my: 0.75 }}>
            {user.roles.length === 0 && <Typography variant="body2">{t("rg.user.noRoles")}</Typography>}
            {user.roles.map((each) => (
              <Chip key={each} size="small" label={each} />
            ))}
          </Stack>
          {claims.map(([name, value]) => (
            <Typography key={name} variant="body2" sx={{ color: "text.secondary" }}>
              {name}: {String(value)}
            </Typography>
          ))}
        </Box>
        <Divider component="li" />
        {(model.may.view_as || model.view_as) && (
          <MenuItem
            onClick={() => {
              setAnchor(null);
              setChoosing(true);
            }}
          >
            <ListItemIcon>
              <VisibilityOutlined fontSize="small" />
            </ListItemIcon>
            {t("rg.viewAs.open")}
          </MenuItem>
        )}
        <MenuItem onClick={() => void signOut()}>
          <ListItemIcon>
            <LogoutOutlined fontSize="small" />
          </ListItemIcon>
          {t("rg.user.signOut")}
        </MenuItem>
      </Menu>
      {choosing && <ViewAsDialog onClose={() => setChoosing(false)} />}
    </>
  );
}
