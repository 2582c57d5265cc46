// What a form holds and would send, out of what was entered and what the app had put there. Pure.

const POSITIONS = new WeakMap();

/** Blocks without an id get one by their place, once, so that it stays while they are shown. */
export function named(blocks) {
  (blocks ?? []).forEach((block, at) => {
    if (block && typeof block === "object" && !block.block_id) POSITIONS.set(block, `b${at}`);
  });
  return blocks ?? [];
}

export const blockKey = (block) => block.block_id ?? POSITIONS.get(block) ?? "b";

const option = (element) => element.initial_option ?? null;
const options = (element) => element.initial_options ?? [];
const text = (element) => element.initial_value ?? null;

/** What each element holds before anybody touched it; its kinds are all that hold a value. */
const INITIAL = {
  plain_text_input: text,
  email_text_input: text,
  url_text_input: text,
  number_input: text,
  static_select: option,
  external_select: option,
  radio_buttons: option,
  multi_static_select: options,
  multi_external_select: options,
  checkboxes: options,
  users_select: (element) => element.initial_user ?? null,
  conversations_select: (element) => element.initial_conversation ?? null,
  channels_select: (element) => element.initial_channel ?? null,
  multi_users_select: (element) => element.initial_users ?? [],
  multi_conversations_select: (element) => element.initial_conversations ?? [],
  multi_channels_select: (element) => element.initial_channels ?? [],
  datepicker: (element) => element.initial_date ?? null,
  timepicker: (element) => element.initial_time ?? null,
  datetimepicker: (element) => element.initial_date_time ?? null,
};

export const initialOf = (element) => INITIAL[element.type]?.(element) ?? null;

/** A value as it travels: an option is its `value`. */
export function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  return value && typeof value === "object" ? value.value : value;
}

/** The other way: what `chosen` says, as the option that the element offers. */
export function revived(element, value) {
  if (Array.isArray(value)) return value.map((one) => revived(element, one));
  const offered = [...(element.options ?? []), ...(element.option_groups ?? []).flatMap((group) => group.options)];
  return offered.find((one) => one.value === value) ?? value;
}

const elementsOf = (block) => [
  ...(block.elements ?? []), ...(block.accessory ? [block.accessory] : []), ...(block.element ? [block.element] : []),
];

/** `[block, element, value]` for every element that holds one. */
function held(blocks, entered) {
  return named(blocks).flatMap((block) => elementsOf(block)
    .filter((element) => element.type in INITIAL && element.action_id)
    .map((element) => {
      const key = `${blockKey(block)}/${element.action_id}`;
      return [block, element, key in entered ? entered[key] : initialOf(element)];
    }));
}

/** `{block_id: {action_id: value}}`: what a form would send. */
export function heldValues(blocks, entered) {
  const values = {};
  for (const [block, element, value] of held(blocks, entered)) {
    values[blockKey(block)] ??= {};
    values[blockKey(block)][element.action_id] = value === "" ? null : plain(value);
  }
  return values;
}

/** What Slack itself refuses before an app hears of it: `{block_id: sentence}`. */
export function missing(blocks, entered) {
  const errors = {};
  for (const [block, element, value] of held(blocks, entered)) {
    if (block.type !== "input") continue;
    const empty = value === null || value === undefined || value === "" || (Array.isArray(value) && !value.length);
    if (empty && !block.optional) errors[blockKey(block)] = "Please complete this required field.";
    else if (!empty) {
      const wrong = misfit(element, value);
      if (wrong) errors[blockKey(block)] = wrong;
    }
  }
  return errors;
}

function misfit(element, value) {
  if (typeof value !== "string") return null;
  if (element.min_length && value.length < element.min_length) {
    return `This entry must contain at least ${element.min_length} characters.`;
  }
  if (element.max_length && value.length > element.max_length) {
    return `This entry is too long: at most ${element.max_length} characters.`;
  }
  if (element.type === "email_text_input" && !/^\S+@\S+\.\S+$/.test(value)) return "This must be a valid email address.";
  if (element.type === "url_text_input" && !/^https?:\/\/\S+$/.test(value)) return "This must be a valid link.";
  if (element.type === "number_input") return misfitNumber(element, Number(value));
  return null;
}

function misfitNumber(element, number) {
  if (!Number.isFinite(number) || (!element.is_decimal_allowed && !Number.isInteger(number))) return "This must be a number.";
  if (element.min_value !== undefined && number < Number(element.min_value)) return `This must be at least ${element.min_value}.`;
  if (element.max_value !== undefined && number > Number(element.max_value)) return `This must be at most ${element.max_value}.`;
  return null;
}
