/* The desk in the browser: keeps the page fresh, counts, and obeys the keyboard. */
(() => {
  "use strict";

  const POLL = 2500;
  const PAGE = 40; // rows of a page of the list
  const PAGES = 5; // read anew at once; what was scrolled in beyond is read on demand
  const SIGN_OF_LIFE = 8000;
  const BEHIND = 120000; // a feed of WB read longer ago than this is behind
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const desk = $("#desk");
  if (!desk) return;

  const cookie = (name) =>
    document.cookie.split("; ").find((part) => part.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
  const post = (url, data) =>
    fetch(url, {
      method: "POST",
      headers: { "X-CSRFToken": cookie("csrftoken") },
      body: new URLSearchParams(data),
      keepalive: true,
    });
  const openChat = () => $("#chat")?.dataset.chat ?? "";
  const isTyping = (node) =>
    node?.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]") != null;

  /* Fresh data: one cheap question every few seconds, more only when it pays. */

  let etag = `"${desk.dataset.version}"`;
  let freshAt = new Date();
  let readAt = null; // when the server last read WB's feed to its end
  let lost = false;
  let out = false; // signed out: only a reload helps
  let busy = false;

  const clock = (moment) =>
    moment.toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });

  function showState() {
    const state = $("#state");
    // The page is as fresh as its own last answer, and no fresher than WB's feed.
    const asOf = readAt && readAt < freshAt ? readAt : freshAt;
    const behind = !lost && Date.now() - asOf > BEHIND;
    const words = lost ? state.dataset.lost : behind ? state.dataset.behind : state.dataset.fresh;
    const text = out ? state.dataset.out : `${words} ${clock(asOf)}`;
    if (state.textContent !== text) state.textContent = text;
    state.classList.toggle("lost", lost || out);
    state.classList.toggle("behind", behind);
  }

  const timed = (url, options = {}) =>
    fetch(url, { cache: "no-store", signal: AbortSignal.timeout(5000), ...options });

  async function partial(url) {
    const answer = await timed(url, { headers: { "HX-Request": "true" } });
    if (answer.redirected) throw new Error("signed out");
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.text();
  }

  async function refresh() {
    await refreshList();
    if (openChat()) await refreshChat();
  }

  async function refreshList() {
    const rows = $("#rows");
    if (!rows || rows.dataset.query === undefined) return;
    const html = await freshList(rows.dataset.query, $$("#rows .item").length);
    const checked = new Set($$("#rows input:checked").map((box) => box.value));
    const focused = document.activeElement?.closest?.("#rows .item")?.dataset.chat;
    const top = rows.scrollTop;
    const before = Number(rows.dataset.waiting);
    const said = previews();
    if (!rows.isConnected) return; // the filter was changed meanwhile
    htmx.swap(rows, html, { swapStyle: "outerHTML" });
    $$("#rows input[name=chats]").forEach((box) => (box.checked = checked.has(box.value)));
    $("#rows").scrollTop = top;
    if (focused) $(`#rows .item[data-chat="${focused}"] .open`)?.focus({ preventScroll: true });
    mark();
    const wroteAgain = [...previews()].some(([pk, text]) => said.has(pk) && said.get(pk) !== text);
    if (wroteAgain || Number($("#rows").dataset.waiting) > before) announce();
  }

  const previews = () =>
    new Map($$("#rows .item.waiting").map((item) => [item.dataset.chat, $(".preview", item)?.textContent]));

  /* The fresh list, as long as the one shown: pages that were scrolled in stay. */

  async function freshList(query, shown) {
    const html = await partial(`/list/?${query}`);
    if (shown <= PAGE) return html;
    const fresh = new DOMParser().parseFromString(html, "text/html");
    for (let page = 1; page < PAGES && $$("#rows .item", fresh).length < shown; page += 1) {
      const more = $("#rows li[hx-get]", fresh);
      if (!more) break;
      more.outerHTML = await partial(more.getAttribute("hx-get"));
    }
    return fresh.body.innerHTML;
  }

  async function refreshChat() {
    const pk = openChat();
    const after = $("#newest").dataset.after;
    const card = $("#card")?.dataset.suggestion ?? "";
    const html = await partial(`/chats/${pk}/news/?after=${after}&suggestion=${card}`);
    if (openChat() !== pk) return;
    const scroll = $("#scroll");
    const atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
    htmx.swap($("#arrived"), html, { swapStyle: "beforeend" });
    if (atEnd) scroll.scrollTop = scroll.scrollHeight;
  }

  async function poll() {
    if (busy) return;
    busy = true;
    try {
      const ticket = $("#rows")?.dataset.ticket || desk.dataset.ticket;
      const answer = await timed(`/live/?ticket=${encodeURIComponent(ticket)}`, {
        headers: { "If-None-Match": etag },
      });
      if (answer.status === 403) await refresh();
      else if (answer.status === 200) {
        await refresh();
        etag = answer.headers.get("ETag");
      } else if (answer.status !== 304) throw new Error(String(answer.status));
      freshAt = new Date();
      const read = answer.headers.get("X-Feed");
      if (read) readAt = new Date(read);
      lost = false;
    } catch (error) {
      lost = true;
      out ||= error.message === "signed out";
    } finally {
      busy = false;
      showState();
    }
  }

  setInterval(poll, POLL);
  poll();
  addEventListener("online", poll);
  addEventListener("offline", () => { lost = true; showState(); });
  document.body.addEventListener("desk:changed", () => refresh().catch(() => {}));
  showState();

  /* Who is here. */

  let typedAt = 0;
  let movedAt = Date.now();
  let lastState = "";
  function seen() {
    const now = Date.now();
    let state = "reading";
    if (now - typedAt < 10000) state = "writing";
    else if (document.hidden || now - movedAt > 120000) state = "away";
    lastState = state;
    post("/seen/", { chat: openChat(), state }).catch(() => {});
  }
  setInterval(seen, SIGN_OF_LIFE);
  addEventListener("pagehide", () => post("/seen/", { chat: "", state: "away" }).catch(() => {}));
  document.addEventListener("visibilitychange", seen);
  for (const kind of ["pointermove", "keydown"]) {
    addEventListener(kind, () => (movedAt = Date.now()), { passive: true });
  }
  seen();

  /* Telling of new messages, by choice. */

  const title = document.title;
  function showTitle() {
    const waiting = Number($("#rows")?.dataset.waiting ?? 0);
    const name = $("#chat")?.dataset.title;
    document.title = `${waiting ? `(${waiting}) ` : ""}${name ? `${name} · AgentIQ` : title}`;
  }

  function announce() {
    if ($("#sound").checked) beep();
    if ($("#notify").checked && document.hidden && window.Notification?.permission === "granted") {
      new Notification("AgentIQ", { body: desk.dataset.newMessage, tag: "agentiq" });
    }
  }

  let audio; // one for all: a browser gives a page only a few
  function beep() {
    audio ??= new AudioContext();
    audio.resume(); // it sleeps until the person has touched the page
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    volume.gain.value = 0.05;
    tone.connect(volume).connect(audio.destination);
    tone.start();
    tone.stop(audio.currentTime + 0.15);
  }

  for (const name of ["go-on", "notify", "sound"]) {
    const box = $(`#${name}`);
    const kept = localStorage.getItem(`desk-${name}`);
    if (kept !== null) box.checked = kept === "1";
    box.addEventListener("change", () => {
      localStorage.setItem(`desk-${name}`, box.checked ? "1" : "0");
      if (name === "notify" && box.checked) window.Notification?.requestPermission();
      if (name === "sound" && box.checked) beep(); // what it will be like
    });
  }

  /* The composer: counter, code, editing a suggestion, drafts. */

  let unsaved = false;
  let sending = false;
  function count() {
    const text = $("#text");
    const counter = $("#counter");
    if (!text || !counter) return;
    const length = [...text.value.trim()].length;
    counter.textContent = `${length} / ${counter.dataset.limit}`;
    counter.classList.toggle("over", length > Number(counter.dataset.limit));
  }

  function put(value) {
    const text = $("#text");
    text.value = value;
    text.focus();
    count();
    htmx.trigger(text, "check");
  }

  function edit() {
    const preview = $("#preview");
    const text = $("#text");
    if (!preview || !text || !$("#edit")) return;
    const typed = text.value.trim();
    if (typed && typed !== preview.dataset.text && !confirm(desk.dataset.replace)) return;
    $("#edited").value = $("#edit").dataset.suggestion;
    chooseCode(preview.dataset.code);
    show("chat");
    put(preview.dataset.text);
  }

  /* A draft that names a code goes out with it. */
  function named(select) {
    const words = $("#text")?.value.toUpperCase().split(/[^\p{L}\p{N}]+/u) ?? [];
    const codes = [...select.options].filter(({ value }) => value);
    return codes.find(({ text }) => words.includes(text.split(" ")[0].toUpperCase()))?.value ?? "";
  }

  let chosenCode = "";
  function chooseCode(pk) {
    chosenCode = pk;
    const select = $("#composer-code");
    if (select) select.value = pk;
  }

  let fading = 0;
  function fade() {
    clearTimeout(fading);
    if ($("#said [data-undo]")) return;
    fading = setTimeout(() => $("#said").replaceChildren(), 8000);
  }

  function saveDraft() {
    const form = $("#composer");
    if (!form || !unsaved || sending) return;
    unsaved = false;
    const data = new FormData(form);
    data.delete("files");
    post(form.dataset.draft, data).catch(() => { unsaved = true; });
  }

  document.addEventListener("input", (event) => {
    if (event.target.id === "text") {
      typedAt = Date.now();
      unsaved = true;
      if (lastState !== "writing") seen();
      count();
      const advice = $("#refused:has(li)");
      if (advice) { // what is changed is checked anew
        advice.replaceChildren();
        advice.className = "";
      }
    }
    if (event.target.id === "composer-code") {
      chosenCode = event.target.value;
      htmx.trigger($("#text"), "check");
    }
    if (event.target.id === "files") chooseFiles(event.target);
    if (event.target.name === "chats") mark();
  });
  addEventListener("pagehide", saveDraft);

  /* WB's limits, said before anything is uploaded; the server checks them again. */
  function chooseFiles(input) {
    const files = [...input.files];
    const kinds = input.accept.split(",");
    const fits =
      files.every((file) => kinds.includes(file.type) && file.size <= Number(input.dataset.most)) &&
      files.reduce((sum, file) => sum + file.size, 0) <= Number(input.dataset.together);
    if (!fits) input.value = "";
    const chosen = $("#files-chosen");
    chosen.textContent = fits ? files.map((file) => file.name).join(", ") : input.dataset.refused;
    chosen.classList.toggle("over", !fits);
  }

  async function takeSaved(button) {
    const code = $("#composer-code").value;
    const answer = await timed(`${button.dataset.text}?code=${code}`);
    if (!answer.ok) return;
    $("#saved-used").value = button.dataset.saved;
    $("#saved-menu").open = false;
    put(await answer.text());
  }

  /* What moves with the page. */

  function show(pane) {
    desk.dataset.pane = pane;
  }

  function mark() {
    const pk = openChat();
    $$("#rows .item").forEach((item) => {
      const link = $(".open", item);
      if (item.dataset.chat === pk) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    });
    const chosen = $$("#rows input[name=chats]:checked").length;
    $("#bulk").hidden = chosen === 0;
    $("#bulk-count").textContent = chosen;
    showTitle();
  }

  function arrived() {
    chosenCode = "";
    const scroll = $("#scroll");
    if (scroll) scroll.scrollTop = scroll.scrollHeight;
    show(openChat() ? "chat" : "list");
    count();
    mark();
    if (!isTyping(document.activeElement)) $("#chat-title")?.focus({ preventScroll: true });
    seen();
  }

  function tick() {
    for (const node of $$("[data-due]")) {
      const seconds = Math.ceil((new Date(node.dataset.due) - Date.now()) / 1000);
      const place = node.matches(".count-down") ? node : $(".count-down", node);
      if (place) place.textContent = seconds > 0 ? `${seconds} ${document.documentElement.lang === "en" ? "s" : "с"}` : "";
      if (seconds <= 0 && node.matches("[data-undo]")) node.disabled = true;
    }
    const bar = $("#undo");
    const due = $(".count-down", bar)?.dataset.due;
    if (!bar.hidden && due && new Date(due) < Date.now()) bar.hidden = true;
  }
  setInterval(tick, 250);

  document.body.addEventListener("htmx:beforeRequest", (event) => {
    const node = event.detail.elt;
    // A draft saved while its text is being sent would come back as a ghost.
    if (node?.id === "composer") sending = true;
    else if (node?.id === "text" && sending) event.preventDefault();
    else if (event.detail.target?.id === "chat") saveDraft();
  });
  // The sign-in form is no part of the desk: what was typed stays where it is.
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (!event.detail.xhr?.responseURL.includes("/login/")) return;
    event.detail.shouldSwap = false;
    out = true;
    showState();
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target?.id === "chat" || event.detail.elt?.id === "chat") {
      arrived();
      tick();
      refreshList().catch(() => {});
    }
    if (event.detail.target?.id === "rows") {
      mark();
      const filters = event.detail.requestConfig?.elt?.closest?.(".filters");
      if (filters) filters.open = false; // what was asked for lies below it
    }
  });
  // A picture that does not come leaves the letter below it.
  document.addEventListener("error", ({ target }) => target.matches?.(".photo img") && target.remove(), true);
  document.body.addEventListener("htmx:oobAfterSwap", (event) => {
    const select = $("#composer-code");
    if (event.detail.target?.id === "composer-code") select.value = chosenCode || named(select);
    if (event.detail.target?.id === "said") fade();
  });
  document.body.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt?.id === "text" && event.detail.successful) unsaved = false;
    if (event.detail.elt?.id === "composer") sending = false;
    if (event.detail.elt?.hasAttribute?.("data-once")) event.detail.elt.remove();
  });
  document.body.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRFToken"] = cookie("csrftoken");
    const act = event.detail.triggeringEvent?.submitter?.dataset?.act;
    if (act) event.detail.parameters.act = act;
    if (openChat() && event.detail.elt?.matches?.("a.open")) {
      const kept = $("#kept")?.value;
      if (kept) event.detail.path += `?${kept}`;
    }
  });

  document.addEventListener("click", (event) => {
    const go = event.target.closest("[data-go]");
    if (go) {
      event.preventDefault();
      show(go.dataset.go);
    }
    if (event.target.closest("#edit")) edit();
    if (event.target.closest("#skip")) toggleSkip();
    if (event.target.closest("#show-help")) $("#help").showModal();
    if (event.target.closest("#close-help")) $("#help").close();
    const copy = event.target.closest("[data-copy]");
    if (copy) navigator.clipboard?.writeText($(copy.dataset.copy)?.value ?? $("#preview").dataset.text);
    const saved = event.target.closest(".saved-reply");
    if (saved) takeSaved(saved);
    $$("details.menu[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });

  /* The keyboard: physical keys, so that the Russian layout does the same. */

  function toggleSkip(open) {
    const reasons = $("#skip-reasons");
    if (!reasons) return;
    reasons.hidden = open === undefined ? !reasons.hidden : !open;
    $("#skip").setAttribute("aria-expanded", String(!reasons.hidden));
  }

  function step(by) {
    const links = $$("#rows .open");
    const at = links.findIndex(
      (link) => link === document.activeElement || link.hasAttribute("aria-current"),
    );
    const focused = links.indexOf(document.activeElement);
    const from = focused >= 0 ? focused : at;
    show("list");
    links[Math.max(0, Math.min(links.length - 1, from + by))]?.focus();
  }

  const press = (selector) => {
    const node = $(selector);
    if (node && !node.disabled) node.click();
  };
  const KEYS = {
    KeyJ: () => step(1),
    KeyK: () => step(-1),
    KeyA: () => press("#accept"),
    KeyP: () => press("#plain"),
    KeyE: () => edit(),
    KeyS: () => toggleSkip(),
    KeyN: () => press(".other-code"),
    KeyR: () => $("#text")?.focus(),
    KeyZ: () => press("#undo:not([hidden]) [data-undo], #said [data-undo], #outgoing [data-undo]"),
    Slash: () => $("#query").focus(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey && event.code === "Enter" && event.target.id === "text") {
      event.preventDefault();
      press("#send");
      return;
    }
    if (event.code === "Escape") {
      toggleSkip(false);
      if (isTyping(event.target)) event.target.blur();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if ($("#help").open) return;
    const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code);
    const reasons = $("#skip-reasons");
    if (digit && reasons && !reasons.hidden) {
      press(`#skip-reasons [data-digit="${digit[1]}"]`);
      return;
    }
    if (event.key === "?" || (event.shiftKey && ["Slash", "Digit7"].includes(event.code))) {
      event.preventDefault();
      $("#help").showModal();
      return;
    }
    const act = KEYS[event.code];
    if (act && !event.shiftKey && !event.repeat) {
      event.preventDefault();
      act();
    }
  });

  if (openChat()) arrived();
  else mark();
})();
