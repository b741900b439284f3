// Opens the application's own page the way the portal does: a form posted by the employee's browser.
import { speak } from "./words.js";
import { ask, fillForm } from "./page.js";

speak(document);
const user = Number(new URLSearchParams(location.search).get("user")) || 1;
const [post] = await ask("/sandbox/frames?placement=DEFAULT", { user });
const form = document.getElementById("open");
fillForm(form, post);
form.submit();
