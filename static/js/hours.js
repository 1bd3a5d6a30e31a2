// Weekly hours: a day that is switched on begins as the day that was filled in last; most weeks are alike.

const rowOf = (element) => element.closest(".hours-row");
const fieldsOf = (row) => row.querySelectorAll(".hours-times :is(input, select)");
const isUntouched = (row) => [...fieldsOf(row)].every((field) => field.dataset.touched === undefined);

let last = null; // the row in which something was typed last

document.addEventListener("input", ({ target }) => {
  if (!target.closest(".hours-times")) return;
  target.dataset.touched = "";
  last = rowOf(target);
});

document.addEventListener("change", ({ target }) => {
  if (!target.matches(".hours-switch input") || !target.checked) return;
  const row = rowOf(target);
  if (!last?.isConnected || last === row || !isUntouched(row)) return;
  if (row !== row.parentElement.querySelector(".hours-row")) return; // another time of one day is another time
  const from = fieldsOf(last);
  fieldsOf(row).forEach((field, index) => (field.value = from[index].value));
});
