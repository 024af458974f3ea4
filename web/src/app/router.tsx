/** Which page an address is. Each loads its code when it is first opened. */
import { createBrowserRouter, redirect } from "react-router";
import { only } from "./allowed";
import { takeNext } from "./next";
import { Root } from "./root";
import { Shell } from "./shell";
import { NotFound, Trouble } from "./trouble";

export const router = createBrowserRouter([
  {
    Component: Root,
    children: [
      {
        path: "/sign-in",
        lazy: async () => ({ Component: (await import("../sign-in/sign-in")).SignIn }),
        HydrateFallback: () => null,
        ErrorBoundary: Trouble,
      },
      {
        path: "/",
        Component: Shell,
        HydrateFallback: () => null,
        ErrorBoundary: Trouble,
        children: [
          {
            ErrorBoundary: Trouble,
            children: [
              {
                index: true,
                // Whoever comes back from the issuer comes here first.
                loader: () => {
                  const next = takeNext();
                  return next ? redirect(next) : null;
                },
                lazy: async () => ({ Component: (await import("../dashboard/dashboard")).Dashboard }),
              },
              {
                path: "playground",
                lazy: async () => ({ Component: (await import("../playground/playground")).Playground }),
              },
              { path: "tests", lazy: async () => ({ Component: (await import("../tests/list")).TestList }) },
              { path: "tests/:id", lazy: async () => ({ Component: (await import("../tests/page")).TestPage }) },
              { path: "jobs", lazy: async () => ({ Component: (await import("../jobs/list")).JobList }) },
              {
                path: "jobs/new",
                lazy: async () => ({ Component: only("editor", (await import("../jobs/edit")).NewJob) }),
              },
              { path: "jobs/:id", lazy: async () => ({ Component: (await import("../jobs/page")).JobPage }) },
              {
                path: "jobs/:id/edit",
                lazy: async () => ({ Component: only("editor", (await import("../jobs/edit")).EditJob) }),
              },
              { path: "runs", lazy: async () => ({ Component: (await import("../runs/list")).RunList }) },
              { path: "runs/:id", lazy: async () => ({ Component: (await import("../runs/page")).RunPage }) },
              {
                path: "variables",
                lazy: async () => ({ Component: (await import("../variables/page")).VariablesPage }),
              },
              { path: "usage", lazy: async () => ({ Component: (await import("../usage/usage")).UsagePage }) },
              { path: "keys", lazy: async () => ({ Component: only("owner", (await import("../keys/keys")).Keys) }) },
              {
                path: "members",
                lazy: async () => ({ Component: only("owner", (await import("../members/members")).Members) }),
              },
              {
                path: "audit",
                lazy: async () => ({ Component: only("owner", (await import("../audit/audit")).Audit) }),
              },
              { path: "*", Component: NotFound },
            ],
          },
        ],
      },
    ],
  },
]);
