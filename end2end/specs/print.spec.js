import { expect, look, signIn, test } from "../fixtures.js";
import { invite, person, room, space } from "../world.js";

/** How many pages a PDF has, and how large they are, in millimetres. */
function pages(pdf) {
  const text = pdf.toString("latin1");
  const sizes = [...text.matchAll(/\/MediaBox\s*\[\s*0\s+0\s+([\d.]+)\s+([\d.]+)\s*\]/g)];
  const millimetres = (points) => Math.round((Number(points) / 72) * 25.4);
  return {
    number: [...text.matchAll(/\/Type\s*\/Page\b/g)].length,
    sizes: [...new Set(sizes.map(([, wide, high]) => `${millimetres(wide)} × ${millimetres(high)}`))],
  };
}

const print = async (page) => pages(await page.pdf({ preferCSSPageSize: true, printBackground: true }));

test("an invite is printed as cards, each sheet on one page", async ({ page }) => {
  const anna = await person("Anna", "Anna Ahlgren");
  const rooms = [await room(anna, "General"), await room(anna, "Compost"), await room(anna, "Seeds")];
  await space(anna, "Garden Collective", rooms);
  await signIn(page, anna, "/new");
  for (const name of ["Garden Collective", "General", "Compost", "Seeds"]) await page.getByRole("checkbox", { name }).first().check();
  await page.getByLabel("Private name").fill("Not for uncle Bob");
  await page.getByText("More options").click();
  await page.getByLabel("Welcome").fill("We swap seeds, lend tools and drown in courgettes. Say hello in General!");
  await page.getByLabel("Show the names of the rooms").check();
  await page.getByRole("button", { name: "Create invite" }).click();
  await expect(page.getByText("Your invite is ready.")).toBeVisible();
  const own = new URL(page.url()).pathname;
  const link = `${process.env.SERVICE_URL}/i/${own.split("/").pop()}`;
  await page.getByRole("link", { name: "Print cards" }).click();

  await expect(page).toHaveURL(`${own}/print`);
  await expect(page.getByRole("heading", { name: "Print cards" })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Garden Collective" })).toBeVisible();
  for (const name of ["General", "Compost", "Seeds"]) await expect(page.locator(".where")).toContainText(name);
  await expect(page.getByText(link.replace("http://", ""))).toBeVisible();
  await expect(page.getByRole("img", { name: "QR code of the link" })).toBeVisible();
  await expect(page.getByText("Not for uncle Bob")).toHaveCount(0);
  expect(await page.title()).toBe("Print cards · Super Invites");
  await expect(page.getByRole("button", { name: "Print", exact: true })).toHaveCount(page.scripted ? 1 : 0);
  await look(page, "print-a6");
  expect(await print(page)).toEqual({ number: 1, sizes: ["105 × 148"] });

  await page.getByLabel("The mark of Super Invites").check();
  for (const [name, key, size, cards] of [
    ["Poster (A4)", "a4", "210 × 297", 1],
    ["Four cards on A4", "a4x4", "210 × 297", 4],
    ["Eight small cards on A4", "a4x8", "297 × 210", 8],
  ]) {
    await page.getByRole("radio", { name }).check();
    await page.getByRole("button", { name: "Show" }).click();
    await expect(page).toHaveURL(new RegExp(`[?]paper=${key}(&mark=1)?$`));
    await expect(page.getByRole("radio", { name })).toBeChecked();
    await expect(page.getByRole("article", { includeHidden: true })).toHaveCount(cards);
    // Small codes have no mark.
    await expect(page.locator(".code svg")).toHaveCount(cards < 8 ? 1 : 0);
    await look(page, `print-${key}`);
    expect(await print(page), name).toEqual({ number: 1, sizes: [size] });
  }
  await page.getByRole("link", { name: "Back to the invite" }).click();
  await expect(page.getByRole("heading", { name: "Not for uncle Bob" })).toBeVisible();
});

test("a card is one page however much there is to say, and from right to left", async ({ page }) => {
  const anna = await person("Anna", "نور حداد");
  const name = "حديقة الجيران والأصدقاء وكل من يحب أن يزرع شيئا في هذه المدينة الصغيرة";
  const rooms = [];
  for (let number = 1; number <= 6; number++) rooms.push(await room(anna, `${number} ${name}`));
  const code = await invite(anna, rooms, { welcome: "أهلا وسهلا\n".repeat(90), create_dm: true });
  await signIn(page, anna, `/invites/${code}`);
  await page.goto(`/invites/${code}/print`);
  await expect(page.getByRole("heading", { name: "نور حداد" })).toBeVisible();
  await expect(page.getByText(name)).toHaveCount(0);
  await look(page, "print-long");
  for (const [key, size] of [["a6", "105 × 148"], ["a4", "210 × 297"], ["a4x8", "297 × 210"]]) {
    await page.goto(`/invites/${code}/print?paper=${key}`);
    expect(await print(page), key).toEqual({ number: 1, sizes: [size] });
  }
});

test("nobody prints the invite of somebody else", async ({ page }) => {
  const [anna, cleo] = [await person("Anna"), await person("Cleo")];
  const code = await invite(anna, [await room(anna, "Kitchen")]);
  await page.goto(`/invites/${code}/print?paper=a4`);
  await expect(page).toHaveURL(`/sign-in?to=%2Finvites%2F${code}`);
  await signIn(page, cleo);
  const answer = await page.goto(`/invites/${code}/print`);
  expect(answer.status()).toBe(404);
  await expect(page.getByRole("heading", { name: "There is no such invite" })).toBeVisible();
  await look(page, "print-refused");
});
