import { expect, look, signIn, test } from "../fixtures.js";
import { person, room } from "../world.js";

test("a form that is left half filled in is there when somebody comes back, until it is sent", async ({ page }) => {
  const anna = await person("Anna");
  for (const name of ["General", "Seeds"]) await room(anna, name);
  await signIn(page, anna, "/new");
  await page.getByLabel("Private name").fill("Party");
  await page.getByRole("checkbox", { name: "General" }).check();
  await page.getByRole("radio", { name: "30 days" }).check();
  await page.getByText("More options").click();
  await page.getByLabel("Welcome").fill("Two\nlines");
  await page.getByLabel("Starts").fill("2040-05-04T10:00");
  const isThere = async () => {
    await expect(page.getByLabel("Private name")).toHaveValue("Party");
    await expect(page.getByRole("checkbox", { name: "General" })).toBeChecked();
    await expect(page.getByRole("checkbox", { name: "Seeds" })).not.toBeChecked();
    await expect(page.getByRole("radio", { name: "30 days" })).toBeChecked();
    await expect(page.getByLabel("Welcome")).toHaveValue("Two\nlines");
    await expect(page.getByLabel("Starts")).toHaveValue("2040-05-04T10:00");
    await expect(page.getByText("Anyone with the link joins 1 room, for 30 days. Unlimited places.")).toBeVisible();
  };
  await page.getByRole("link", { name: "Super Invites" }).click();
  await page.getByRole("link", { name: "Create invite" }).click();
  await isThere();
  await page.open("/new");
  await isThere();
  // What one was begun with is no other one.
  await page.open("/new?like=never-there");
  await expect(page.getByLabel("Private name")).toHaveValue("");
  await page.open("/new");
  await isThere();
  // It would begin after its end.
  await page.getByLabel("Starts").fill("");
  await page.getByRole("button", { name: "Create invite" }).click();
  await expect(page.getByText("Your invite is ready.")).toBeVisible();
  await page.open("/new");
  await expect(page.getByLabel("Private name")).toHaveValue("");
  await expect(page.getByRole("checkbox", { name: "General" })).not.toBeChecked();
});

test("beside the form stands what others will see, where there is room for it", async ({ page }) => {
  const anna = await person("Anna", "Anna Ahlgren");
  await room(anna, "General");
  await signIn(page, anna, "/new");
  const front = page.locator(".beside .portal");
  await expect(front).toHaveCount(0);
  await page.getByRole("checkbox", { name: "General" }).check();
  await expect(front).toContainText("Anna Ahlgren");
  await expect(front).toContainText("invites you to 1 room");
  await expect(front).not.toContainText("General");
  await page.getByText("More options").click();
  await page.getByLabel("Show the names of the rooms").check();
  await expect(front).toContainText("General");
  await page.getByLabel("Welcome").fill("<b>Boots on!</b>");
  await expect(front).toContainText("<b>Boots on!</b>");
  await expect(front).toBeVisible({ visible: page.viewportSize().width >= 1024 });
  await look(page, "new-with-front");
});

test("whoever signs out leaves nothing of a form behind", async ({ page }) => {
  const [anna, ben] = [await person("Anna"), await person("Ben")];
  await signIn(page, anna, "/new");
  await page.getByLabel("Private name").fill("Party for Ben");
  await page.getByLabel("Account", { exact: true }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("link", { name: "Sign in", exact: true })).toBeVisible();
  await signIn(page, ben, "/new");
  await page.open("/new");
  await expect(page.getByLabel("Private name")).toHaveValue("");
});

test("a search that finds no room says so, and leaves no headings", async ({ page }) => {
  const anna = await person("Anna");
  await room(anna, "General");
  await signIn(page, anna, "/new");
  await page.getByRole("searchbox", { name: "Search rooms" }).fill("no such room");
  await expect(page.getByText("No rooms found.")).toBeVisible();
  await expect(page.getByRole("heading", { name: "Other rooms" })).toBeHidden();
  await page.getByRole("searchbox", { name: "Search rooms" }).fill("gen");
  await expect(page.getByText("No rooms found.")).toBeHidden();
});
