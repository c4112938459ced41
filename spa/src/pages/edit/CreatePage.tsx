// A new record; from a tab of its parent it comes with the parent already chosen, and leads back there.

import { useQueryClient } from "@tanstack/react-query";
import { useDataProvider, useNotify, useTranslate } from "ra-core";
import { useLocation, useNavigate } from "react-router-dom";
import { useModel } from "../../app/context";
import { Page } from "../../app/Page";
import { routes } from "../../app/routes";
import { Missing } from "../../app/states";
import type { Row } from "../../data/document";
import { titleOf, type Type } from "../../meta/model";
import { RecordForm } from "./RecordForm";

interface State {
  initial?: Record<string, unknown>;
  back?: string;
}

export function CreatePage({ type }: { type: Type; id: string }) {
  const t = useTranslate();
  const model = useModel();
  const provider = useDataProvider();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const notify = useNotify();
  const state = (useLocation().state ?? {}) as State;
  if (!type.can.insert) return <Missing what={t("rg.form.mayNot")} />;

  async function save(values: Record<string, unknown>) {
    const { data } = await provider.create<Row>(type.name, { data: values });
    const name = data.id ? titleOf(model, type, data) : "";
    await queries.invalidateQueries({ refetchType: "none" });
    await navigate(state.back ?? (data.id ? routes.record(type.name, data.id) : routes.list(type.name)));
    if (data.id) notify("rg.form.created", { type: "success", messageArgs: { name } });
    else notify("rg.form.createdUnseen", { type: "info" });
  }

  return (
    <Page title={t("rg.form.createTitle", { label: type.label })} crumbs={[{ label: type.plural, to: routes.list(type.name) }]}>
      <RecordForm type={type} initial={state.initial} onSave={save} onCancel={() => void navigate(state.back ?? routes.list(type.name))} />
    </Page>
  );
}
