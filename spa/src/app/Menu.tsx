// The menu: the types this person has business with, then what looks at the policy, then tools, then other databases.

import AccountTreeOutlined from "@mui/icons-material/AccountTreeOutlined";
import DataObject from "@mui/icons-material/DataObject";
import FileUploadOutlined from "@mui/icons-material/FileUploadOutlined";
import HomeOutlined from "@mui/icons-material/HomeOutlined";
import ReceiptLongOutlined from "@mui/icons-material/ReceiptLongOutlined";
import ShieldOutlined from "@mui/icons-material/ShieldOutlined";
import StorageOutlined from "@mui/icons-material/StorageOutlined";
import TableRowsOutlined from "@mui/icons-material/TableRowsOutlined";
import { Box, List, ListItem, ListItemButton, ListItemIcon, ListItemText, Typography } from "@mui/material";
import { useTranslate } from "ra-core";
import { useId, type ReactNode } from "react";
import { Link, useLocation } from "react-router-dom";
import { useModel } from "./context";
import { routes } from "./routes";

function Entry({ to, label, icon }: { to: string; label: string; icon: ReactNode }) {
  const { pathname } = useLocation();
  const path = to.split("?")[0] ?? to;
  const here = path === "/" ? pathname === "/" : pathname === path || pathname.startsWith(`${path}/`);
  return <Item link={{ component: Link, to }} label={label} icon={icon} here={here} />;
}

/** One line of the menu; the link is the app's own, or leads to another page. */
function Item({ link, label, icon, here }: { link: object; label: string; icon: ReactNode; here: boolean }) {
  return (
    <ListItem disablePadding sx={{ px: 1 }}>
      <ListItemButton
        {...link}
        selected={here}
        aria-current={here ? "page" : undefined}
        sx={{ borderRadius: 1.5, py: 0.35, minHeight: 32, "&.Mui-selected": { color: "primary.main" } }}
      >
        <ListItemIcon sx={{ minWidth: 30, color: "inherit", opacity: 0.75, "& svg": { fontSize: 18 } }}>{icon}</ListItemIcon>
        <ListItemText primary={label} slotProps={{ primary: { noWrap: true, sx: { fontSize: 13.5, fontWeight: here ? 650 : 500 } } }} />
      </ListItemButton>
    </ListItem>
  );
}

function Group({ title, children }: { title?: string; children: ReactNode }) {
  const id = useId();
  return (
    <Box sx={{ py: 0.75 }}>
      {title && (
        <Typography id={id} variant="overline" component="div" sx={{ px: 2.2, color: "text.secondary", textTransform: "uppercase" }}>
          {title}
        </Typography>
      )}
      <List dense disablePadding aria-labelledby={title ? id : undefined}>
        {children}
      </List>
    </Box>
  );
}

export function Menu() {
  const t = useTranslate();
  const { types, may, databases = [] } = useModel();
  const shown = types.filter((each) => !each.hidden && each.can.read);
  return (
    <>
      <Group>
        <Entry to={routes.home} label={t("rg.menu.home")} icon={<HomeOutlined />} />
      </Group>
      <Group title={t("rg.menu.data")}>
        {shown.map((each) => (
          <Entry key={each.name} to={routes.list(each.name)} label={each.plural} icon={<TableRowsOutlined />} />
        ))}
      </Group>
      {may.why && (
        <Group title={t("rg.menu.policy")}>
          <Entry to={routes.policy()} label={t("rg.menu.inspector")} icon={<ShieldOutlined />} />
          <Entry to={routes.log} label={t("rg.menu.log")} icon={<ReceiptLongOutlined />} />
        </Group>
      )}
      <Group title={t("rg.menu.tools")}>
        {types.some((each) => each.importable) && (
          <Entry to={routes.imports()} label={t("rg.menu.import")} icon={<FileUploadOutlined />} />
        )}
        <Entry to={routes.schema} label={t("rg.menu.schema")} icon={<AccountTreeOutlined />} />
        <Entry to={routes.api} label={t("rg.menu.api")} icon={<DataObject />} />
      </Group>
      {databases.length > 1 && (
        <Group title={t("rg.menu.databases")}>
          {databases.map((each) => (
            <Item key={each.name} link={{ component: "a", href: each.href }} label={each.title} icon={<StorageOutlined />} here={each.here} />
          ))}
        </Group>
      )}
    </>
  );
}
