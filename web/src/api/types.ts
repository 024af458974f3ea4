/** The API's shapes by their names; `schema.d.ts` is generated from openapi.json with each build. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type ApiKey = Schemas["ApiKey"];
export type Case = Schemas["Case"];
export type Counts = Schemas["Counts"];
export type Job = Schemas["Job"];
export type JobRequest = Schemas["JobRequest"];
export type JobSummary = Schemas["JobSummary"];
export type Language = Schemas["Language"];
export type Missed = Schemas["Missed"];
export type NextTick = Schemas["NextTick"];
export type Overlap = Schemas["Overlap"];
export type Preview = Schemas["Preview"];
export type Reason = Schemas["Reason"];
export type Run = Schemas["Run"];
export type RunStatus = Schemas["RunStatus"];
export type RunSummary = Schemas["RunSummary"];
export type RunTest = Schemas["RunTest"];
export type RunTrigger = Schemas["RunTrigger"];
export type SavedTest = Schemas["SavedTest"];
export type SavedTestSummary = Schemas["SavedTestSummary"];
export type Schedule = Schemas["Schedule"];
export type ScheduleDetails = Schemas["ScheduleDetails"];
export type ScheduleRequest = Schemas["ScheduleRequest"];
export type Session = Schemas["Session"];
export type Statistics = Schemas["Statistics"];
export type TagCount = Schemas["TagCount"];
export type TestFigures = Schemas["TestFigures"];
export type TestStatus = Schemas["TestStatus"];
export type Tick = Schemas["Tick"];
export type TriggerKey = Schemas["TriggerKey"];
