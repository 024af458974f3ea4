/** What a report may do in a frame, where it is of another origin: never lead the page around it elsewhere, nor ask in its name. */
export const REPORT_MAY =
  "allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox allow-downloads";
