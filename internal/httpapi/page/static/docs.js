// The API's description, readable: routes by subject, and the shapes that they speak of.

import { $, make } from "./dom.js";

const methods = ["get", "post", "put", "patch", "delete"];

function resolve(api, value) {
  if (!value?.$ref) return value;
  return value.$ref.slice(2).split("/").reduce((node, key) => node[key.replaceAll("~1", "/").replaceAll("~0", "~")], api);
}

// shape says in a line what a schema is; shapes with a name are links.
function shape(schema) {
  if (!schema) return "";
  if (schema.$ref) {
    const name = schema.$ref.split("/").pop();
    return make("a", { href: `#shape-${name}` }, name);
  }
  if (schema.enum) return schema.enum.map((v) => JSON.stringify(v)).join(" | ");
  if (schema.type === "array") return make("span", "list of ", shape(schema.items));
  if (schema.allOf) return make("span", schema.allOf.flatMap((s, i) => (i ? [" and ", shape(s)] : [shape(s)])));
  if (schema.type === "object" && schema.properties) return fields(schema);
  if (schema.type === "object" && schema.additionalProperties?.$ref) return make("span", "object of ", shape(schema.additionalProperties));
  return [[schema.type].flat().join(" or "), schema.format].filter(Boolean).join(", ");
}

function fields(schema) {
  const required = new Set(schema.required ?? []);
  return make("dl", Object.entries(schema.properties).flatMap(([name, property]) => [
    make("dt", make("code", name), required.has(name) ? "" : " (optional)"),
    make("dd", shape(property), property.description ? make("span.hint", ` ${property.description}`) : null),
  ]));
}

function operation(api, path, method, op, shared) {
  const parameters = [...(shared ?? []), ...(op.parameters ?? [])].map((p) => resolve(api, p));
  const body = op.requestBody?.content;
  return make("details.route", { id: op.operationId },
    make("summary", make("span.method", method.toUpperCase()), make("code", path), ` ${op.summary}`),
    op.description && make("p", op.description),
    op.security?.length === 0 && make("p.hint", "No token is needed."),
    parameters.length > 0 && make("h4", "Parameters"),
    parameters.length > 0 && make("dl", parameters.flatMap((p) => [
      make("dt", make("code", p.name), ` in ${p.in}${p.required ? "" : " (optional)"}`),
      make("dd", shape(p.schema), p.description ? make("span.hint", ` ${p.description}`) : null),
    ])),
    body && make("h4", "Body"),
    body && Object.entries(body).map(([type, content]) => make("div", make("code", type), " ", shape(content.schema))),
    make("h4", "Answers"),
    make("dl", Object.entries(op.responses).flatMap(([status, answer]) => {
      const response = resolve(api, answer);
      return [make("dt", status), make("dd", response.description, " ",
        Object.values(response.content ?? {}).map((content) => shape(content.schema)))];
    })));
}

async function render() {
  const main = $("main");
  const response = await fetch("/openapi.json");
  if (!response.ok) throw new Error(`the description answers ${response.status}`);
  const api = await response.json();
  const sections = api.tags.map((tag) => make("section", { class: "panel", "aria-labelledby": `tag-${tag.name}` },
    make("h2", { id: `tag-${tag.name}` }, tag.name[0].toUpperCase() + tag.name.slice(1)),
    make("p.hint", tag.description),
    Object.entries(api.paths).flatMap(([path, item]) => methods
      .filter((method) => item[method]?.tags.includes(tag.name))
      .map((method) => operation(api, path, method, item[method], item.parameters)))));
  const shapes = make("section.panel", { "aria-labelledby": "shapes" },
    make("h2", { id: "shapes" }, "Shapes"),
    Object.entries(api.components.schemas).map(([name, schema]) => make("div", { id: `shape-${name}`, class: "route" },
      make("h3", name), schema.description && make("p.hint", schema.description), shape(schema),
      ...(schema.examples ?? [schema.example]).filter(Boolean).map((e) => make("pre", JSON.stringify(e, null, 2))))));
  main.append(make("p", api.info.description), ...sections, shapes);
  main.removeAttribute("aria-busy");
}

render().catch((error) => {
  $("main").append(make("p.alert", { role: "alert" }, `The description cannot be shown: ${error.message}`));
});
