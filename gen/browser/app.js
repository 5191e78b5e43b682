/* Made by runtime/server/pages/bundle of runtime/server/pages/app; edit that. */
import{connect as M}from"./opstream.js";function r(t,o={},...s){return i(document.createElement(t),o,s)}function i(t,o,s){for(let[e,n]of Object.entries(o))n==null||n===!1||(e.startsWith("on")?t.addEventListener(e.slice(2),n):e in t&&typeof n!="string"?t[e]=n:t.setAttribute(e,n===!0?"":n));return t.append(...s.filter(e=>e!=null&&e!==!1)),t}var u=new URLSearchParams(location.search),a=M(new URL(document.documentElement.dataset.websocket,location.href)),c=r("section",{class:"seat"});document.getElementById("seats").append(c);a.on("status",t=>{c.dataset.status=t});window.opstream={seats:[{client:a,doc:await a.open(u.get("doc")||"welcome","text")}]};
/*!
What is bundled here:

*/
