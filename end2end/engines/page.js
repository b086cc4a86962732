// A page as a person has it: what can be pressed and filled in is found by what it is called, and whatever is done waits until it can be.
import { writeFileSync } from "node:fs";
import { until } from "./webdriver.js";

/** Runs in the page: the first thing of that kind that is shown and called so, or else the first whose name has that in it. */
function find(kind, name) {
  const selector = {
    button: "button, summary",
    field: "input:not([type=hidden]), textarea",
    heading: "h1, h2, h3",
    link: "a[href]",
  }[kind];
  const plain = (text) => text.replace(/\s+/g, " ").trim();
  const called = (node) =>
    plain(node.getAttribute("aria-label") ?? (node.labels?.length ? node.labels[0].textContent : node.textContent));
  const shown = [...document.querySelectorAll(selector)].filter((node) => node.checkVisibility({ visibilityProperty: true }));
  return shown.find((node) => called(node) === name) ?? shown.find((node) => called(node).includes(name)) ?? null;
}

export class Page {
  static async open(driver) {
    return Object.assign(new Page(), { session: await driver.open() });
  }

  /** Opens an address, and waits until the script has taken the page over. */
  async goto(path) {
    await this.session.goto(process.env.SERVICE_URL + path);
    await this.arrive(path);
  }

  /** Waits until the page at an address has been taken over. */
  arrive(path) {
    return until(`a page at ${path} that has been hydrated`, () =>
      this.run((path) => location.pathname + location.search === path && performance.getEntriesByName("hydrated").length > 0, path),
    );
  }

  run(script, ...args) {
    return this.session.run(script, ...args);
  }

  find(kind, name) {
    return until(`the ${kind} “${name}”`, () => this.run(find, kind, name));
  }

  press(kind, name) {
    return until(`the ${kind} “${name}”, to press it`, async () => {
      const element = await this.run(find, kind, name);
      if (!element) return false;
      await this.session.press(element);
      return true;
    });
  }

  fill(name, text) {
    return until(`the field “${name}”, to fill it in`, async () => {
      const element = await this.run(find, "field", name);
      if (!element) return false;
      await this.session.fill(element, text);
      return true;
    });
  }

  /** Ticks a box. */
  async tick(name) {
    await this.press("field", name);
    await until(`“${name}” to be ticked`, async () => this.run((box) => box.checked, await this.find("field", name)));
  }

  /** Waits until a text is shown. */
  sees(text) {
    return until(`the text “${text}”`, () =>
      this.run((text) => document.body.innerText.replace(/\s+/g, " ").includes(text), text),
    );
  }

  /** Signs in by password on the page for that. */
  async signIn(person) {
    await this.fill("User name", person.username);
    await this.fill("Password", person.password);
    await this.press("button", "Sign in");
  }

  /** Takes a picture for whoever wants to know what went wrong. */
  async picture(name) {
    writeFileSync(new URL(`../screenshots/${name}.png`, import.meta.url), await this.session.screenshot());
  }

  close() {
    return this.session.close();
  }
}
