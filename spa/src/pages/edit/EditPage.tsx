// Changing a record. The checksum of what was read goes along, so nobody's work is overwritten unseen.

import { useQueryClient } from "@tanstack/react-query";
import { useDataProvider, useGetOne, useNotify, useTranslate } from "ra-core";
import { useRef, useState } from "react";
import { useNavigate } from "react-router-dom";
import { useModel } from "../../app/context";
import { Page } from "../../app/Page";
import { routes } from "../../app/routes";
import { Busy, Failure, Missing } from "../../app/states";
import { changed, differences, merged, type Difference } from "../../data/changes";
import { CHECKSUM, rowOf, type Resource, type Row } from "../../data/document";
import { ApiError } from "../../data/http";
import { titleOf, writable, type Type } from "../../meta/model";
import { MergeDialog } from "./MergeDialog";
import { RecordForm } from "./RecordForm";

interface Conflict {
  mine: Row;
  theirs: Row;
  all: Difference[];
  resolve: (values: Record<string, unknown>) => void;
  cancel: () => void;
}

export function EditPage({ type, id }: { type: Type; id: string }) {
  const t = useTranslate();
  const model = useModel();
  const provider = useDataProvider();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const notify = useNotify();
  const [conflict, setConflict] = useState<Conflict>();
  const { data, error, refetch } = useGetOne<Row>(type.name, { id }, { refetchOnMount: "always", staleTime: 0 });
  // What the form began with; a later answer must not change what "base" means.
  const base = useRef<Row>(undefined);
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Busy />;
  if (!type.can.update) return <Missing what={t("rg.form.mayNot")} />;
  base.current ??= data;
  const row = base.current;
  const name = titleOf(model, type, row);
  const back = routes.record(type.name, id);

  async function save(values: Record<string, unknown>, checksum = row[CHECKSUM]): Promise<void> {
    try {
      await provider.update(type.name, { id, data: values, previousData: row, meta: { checksum } });
    } catch (refusal) {
      const current = refusal instanceof ApiError && refusal.status === 409 ? (refusal.faults[0]?.meta?.current as Resource | undefined) : undefined;
      if (!current) throw refusal;
      const theirs = rowOf({ data: current });
      const chosen = await merge({ ...row, ...values }, theirs);
      const rest = changed(theirs, chosen, Object.keys(chosen));
      if (Object.keys(rest).length > 0) {
        await save(rest, theirs[CHECKSUM]);
        return;
      }
    }
    // Rules may have changed parents and children as well.
    await queries.invalidateQueries({ refetchType: "none" });
    await navigate(back);
    notify("rg.form.saved", { type: "success", messageArgs: { name } });
  }

  function merge(mine: Row, theirs: Row): Promise<Record<string, unknown>> {
    const all = differences(row, mine, theirs, writable(type));
    return new Promise((resolve, reject) => {
      setConflict({
        mine,
        theirs,
        all,
        resolve: (values) => {
          setConflict(undefined);
          resolve(values);
        },
        cancel: () => {
          setConflict(undefined);
          reject(new ApiError(409, [{ detail: t("rg.merge.notSaved") }]));
        },
      });
    });
  }

  return (
    <Page
      title={t("rg.form.editTitle", { name })}
      crumbs={[
        { label: type.plural, to: routes.list(type.name) },
        { label: name, to: back },
      ]}
    >
      <RecordForm type={type} row={row} onSave={save} onCancel={() => void navigate(back)} />
      {conflict && (
        <MergeDialog
          type={type}
          base={row}
          mine={conflict.mine}
          theirs={conflict.theirs}
          differences={conflict.all}
          onMerge={(chosen) => conflict.resolve(merged(conflict.all, chosen))}
          onClose={conflict.cancel}
        />
      )}
    </Page>
  );
}
