/** How a job's tests are run: in numbers. What is left empty, Matinee decides. */
import { NumberInput, SimpleGrid, TextInput } from "@mantine/core";
import type { Draft, Faults, Typed } from "./draft";

interface Figure {
  readonly field: "parallelism" | "retries" | "timeoutSeconds" | "runTimeoutSeconds" | "stopAfterFailures";
  readonly label: string;
  readonly about: string;
  readonly least: number;
  readonly most: number;
  readonly without: string;
  readonly unit?: string;
}

const FIGURES: readonly Figure[] = [
  {
    field: "parallelism",
    label: "Tests at once",
    about: "So many run side by side.",
    least: 1,
    most: 100,
    without: "10",
  },
  {
    field: "retries",
    label: "Retries",
    about: "A test that passes on one is flaky.",
    least: 0,
    most: 10,
    without: "0",
  },
  {
    field: "timeoutSeconds",
    label: "Time for a test",
    about: "It is stopped after this.",
    least: 1,
    most: 840,
    without: "60",
    unit: " s",
  },
  {
    field: "runTimeoutSeconds",
    label: "Time for a whole run",
    about: "Empty: long enough for all its tests.",
    least: 1,
    most: 86_400,
    without: "as long as it needs",
    unit: " s",
  },
  {
    field: "stopAfterFailures",
    label: "Stop after failures",
    about: "Then no further test begins.",
    least: 1,
    most: 1_000,
    without: "never",
  },
];

export function How({
  draft,
  faults,
  change,
}: {
  draft: Draft;
  faults: Faults;
  change: (part: Partial<Draft>) => void;
}) {
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, lg: 3 }} verticalSpacing="md">
      {FIGURES.map(({ field, label, about, least, most, without, unit }) => (
        <NumberInput
          key={field}
          label={label}
          description={about}
          placeholder={without}
          min={least}
          max={most}
          allowDecimal={false}
          allowNegative={false}
          suffix={unit ?? ""}
          value={draft[field]}
          error={faults[field]?.message}
          onChange={(value) => change({ [field]: typed(value) })}
        />
      ))}
      <TextInput
        label="Base URL"
        description="page.goto('/') goes there."
        placeholder="https://example.com"
        type="url"
        value={draft.baseUrl}
        error={faults.baseUrl?.message}
        onChange={(event) => change({ baseUrl: event.currentTarget.value })}
      />
    </SimpleGrid>
  );
}

function typed(value: string | number): Typed {
  return typeof value === "number" ? value : "";
}
