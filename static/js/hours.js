// Weekly hours: an end keeps its distance from its start, and days are alike until they are told apart. A day
// that is switched on begins as the one that was filled in last, and follows it while nothing in it was touched.

const rowsOf = () => [...document.querySelectorAll("#hours-rows .hours-row")];
const switchOf = (row) => row.querySelector(".hours-switch input");
const fieldsOf = (row) => [...row.querySelectorAll(".hours-times :is(input, select)")];
const firstOf = (row) => row.parentElement.querySelector(".hours-row"); // the others are other times of its day
const minutes = (time) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

// By the names of fields, since htmx draws the rows anew.
const touched = new Set();
const starts = new Map(); // what each start was
const switchedOn = []; // the switches, in the order in which they were
let last = ""; // the switch of the row in which something was typed last

const isTouched = (row) => fieldsOf(row).some((field) => touched.has(field.name));
const orderOf = (row) => switchedOn.indexOf(switchOf(row).name);

function remember() {
  for (const row of rowsOf()) starts.set(fieldsOf(row)[0].name, fieldsOf(row)[0].value);
}

function follow(row, from) {
  const values = fieldsOf(from).map((field) => field.value);
  fieldsOf(row).forEach((field, index) => (field.value = values[index]));
}

/** Moves the end along with the start, as far as the day goes. */
function keepLength(row) {
  const [start, end] = fieldsOf(row);
  if (touched.has(end.name) || !start.value) return;
  const [from, to] = end.value ? [starts.get(start.name), end.value] : fieldsOf(firstOf(row)).map((field) => field.value);
  const length = from && to ? minutes(to) - minutes(from) : 0;
  const later = [...end.options].filter(({ value }) => value && minutes(value) > minutes(start.value));
  const within = later.filter(({ value }) => minutes(value) <= minutes(start.value) + length);
  if (length > 0 && later.length) end.value = (within.at(-1) ?? later[0]).value;
}

// Both before the preview takes what stands in the form.
document.addEventListener("input", ({ target }) => {
  const row = target.closest(".hours-row");
  if (!row || !fieldsOf(row).includes(target)) return;
  touched.add(target.name);
  if (target === fieldsOf(row)[0]) keepLength(row);
  if (row === firstOf(row)) {
    last = switchOf(row).name;
    for (const other of rowsOf()) {
      const comesAfter = other === firstOf(other) && switchOf(other).checked && orderOf(other) > orderOf(row);
      if (comesAfter && !isTouched(other)) follow(other, row);
    }
  }
  remember();
}, true);

document.addEventListener("change", ({ target }) => {
  const row = target.closest(".hours-row");
  if (!row || target !== switchOf(row)) return;
  if (switchedOn.includes(target.name)) switchedOn.splice(switchedOn.indexOf(target.name), 1);
  if (!target.checked) return;
  switchedOn.push(target.name);
  const from = rowsOf().find((each) => switchOf(each).name === last);
  if (from && from !== row && row === firstOf(row) && !isTouched(row)) follow(row, from);
  remember();
}, true);

document.addEventListener("htmx:afterSettle", remember);

// What is filled in when the page comes is somebody's already.
for (const row of rowsOf().filter((each) => switchOf(each).checked)) {
  switchedOn.push(switchOf(row).name);
  for (const field of fieldsOf(row)) touched.add(field.name);
}
remember();
