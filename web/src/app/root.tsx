/** What is there on every page. Toasts have links, and so must be within the router. */
import { Notifications } from "@mantine/notifications";
import { Outlet } from "react-router";

export function Root() {
  return (
    <>
      <Outlet />
      <Notifications position="bottom-right" limit={5} />
    </>
  );
}
