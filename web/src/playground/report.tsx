/** Playwright's report, in the page. */
import { Box, Skeleton } from "@mantine/core";
import { useState } from "react";
import { REPORT_MAY } from "../parts/frame";
import classes from "./playground.module.css";

export function ReportView({ url }: { url: string }) {
  const [loaded, setLoaded] = useState(false);
  return (
    <Box className={classes.report}>
      {loaded ? null : <Skeleton pos="absolute" inset={0} radius={0} />}
      <iframe title="Report" src={url} sandbox={REPORT_MAY} onLoad={() => setLoaded(true)} />
    </Box>
  );
}
