/** What a test is called, and what it is about. */
import { TagsInput, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { tagsQuery } from "./queries";
import type { Writing } from "./writing";

type Named = Pick<Writing, "title" | "description" | "tags">;

export function TestFields({
  value,
  change,
  faults,
}: {
  value: Named;
  change: (part: Partial<Named>) => void;
  faults: Readonly<Record<string, string>>;
}) {
  const { data } = useQuery(tagsQuery);
  return (
    <>
      <TextInput
        label="Title"
        required
        maxLength={200}
        placeholder="Somebody can sign up"
        value={value.title}
        onChange={(event) => change({ title: event.currentTarget.value })}
        error={faults.title}
      />
      <TagsInput
        label="Tags"
        placeholder={value.tags.length ? "" : "smoke, checkout"}
        data={data?.items.map(({ tag }) => tag) ?? []}
        value={[...value.tags]}
        // Pasted or left half typed, several come as one.
        onChange={(tags) =>
          change({ tags: [...new Set(tags.flatMap((tag) => tag.split(",")).map((tag) => tag.trim()))].filter(Boolean) })
        }
        splitChars={[","]}
        acceptValueOnBlur
        clearable={false}
        error={faults.tags}
      />
      <Textarea
        label="Description"
        autosize
        minRows={2}
        maxRows={6}
        value={value.description}
        onChange={(event) => change({ description: event.currentTarget.value })}
        error={faults.description}
      />
    </>
  );
}
