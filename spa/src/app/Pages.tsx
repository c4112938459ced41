// Which page is at which address. The larger pages that few open are loaded when they are.

import { lazy, Suspense } from "react";
import { Route, Routes, useParams } from "react-router-dom";
import { Busy, Missing } from "./states";
import { useType } from "./context";
import { Home } from "../pages/Home";
import { CreatePage } from "../pages/edit/CreatePage";
import { EditPage } from "../pages/edit/EditPage";
import { ListPage } from "../pages/list/ListPage";
import { RecordPage } from "../pages/record/RecordPage";
import type { Type } from "../meta/model";

const InspectorPage = lazy(() => import("../policy/InspectorPage"));
const LogPage = lazy(() => import("../policy/LogPage"));
const ImportPage = lazy(() => import("../pages/ImportPage"));
const SchemaPage = lazy(() => import("../pages/schema/SchemaPage"));
const ApiPage = lazy(() => import("../pages/ApiPage"));

function OfType({ page: Page }: { page: (given: { type: Type; id: string }) => React.ReactNode }) {
  const { type: name, id } = useParams();
  const type = useType(name);
  if (!type) return <Missing />;
  return <Page key={`${type.name} ${id ?? ""}`} type={type} id={id ?? ""} />;
}

export function Pages() {
  return (
    <Suspense fallback={<Busy />}>
      <Routes>
        <Route index element={<Home />} />
        <Route path="-/policy" element={<InspectorPage />} />
        <Route path="-/log" element={<LogPage />} />
        <Route path="-/import" element={<ImportPage />} />
        <Route path="-/schema" element={<SchemaPage />} />
        <Route path="-/api" element={<ApiPage />} />
        <Route path=":type" element={<OfType page={ListPage} />} />
        <Route path=":type/new" element={<OfType page={CreatePage} />} />
        <Route path=":type/row/:id" element={<OfType page={RecordPage} />} />
        <Route path=":type/row/:id/edit" element={<OfType page={EditPage} />} />
        <Route path="*" element={<Missing />} />
      </Routes>
    </Suspense>
  );
}
