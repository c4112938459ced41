// One record: its values, what belongs to it, and why one sees it.

import DeleteOutlined from "@mui/icons-material/DeleteOutlined";
import EditOutlined from "@mui/icons-material/EditOutlined";
import HelpOutlineOutlined from "@mui/icons-material/HelpOutlineOutlined";
import { Button } from "@mui/material";
import { useGetOne, useTranslate } from "ra-core";
import { useState } from "react";
import { Link } from "react-router-dom";
import { useApp } from "../../app/context";
import { Page } from "../../app/Page";
import { routes } from "../../app/routes";
import { Busy, Failure } from "../../app/states";
import type { Row } from "../../data/document";
import { titleOf, type Type } from "../../meta/model";
import { Info } from "../Info";
import { DeleteDialog } from "./DeleteDialog";
import { Details } from "./Details";
import { Related } from "./Related";

export function RecordPage({ type, id }: { type: Type; id: string }) {
  const t = useTranslate();
  const { model, why } = useApp();
  const [deleting, setDeleting] = useState(false);
  const { data: row, error, refetch } = useGetOne<Row>(type.name, { id });
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!row) return <Busy />;
  const name = titleOf(model, type, row);
  return (
    <Page
      title={name}
      aside={name.endsWith(id) ? undefined : id}
      crumbs={[{ label: type.plural, to: routes.list(type.name) }]}
      actions={
        <>
          {model.may.why && (
            <Button color="inherit" startIcon={<HelpOutlineOutlined />} onClick={() => why({ resource: type.name, id })}>
              {t("rg.why.record")}
            </Button>
          )}
          {type.can.delete && (
            <Button color="error" startIcon={<DeleteOutlined />} onClick={() => setDeleting(true)}>
              {t("rg.action.delete")}
            </Button>
          )}
          {type.can.update && (
            <Button variant="contained" startIcon={<EditOutlined />} component={Link} to={routes.edit(type.name, id)}>
              {t("rg.action.edit")}
            </Button>
          )}
        </>
      }
    >
      <Info html={type.infoShow} name={`${type.name} show`} />
      <Details type={type} row={row} />
      <Related type={type} row={row} />
      {deleting && <DeleteDialog type={type} id={id} name={name} onClose={() => setDeleting(false)} />}
    </Page>
  );
}
