// Preact with htm: templates without a build step. Text is always a text node; nothing here ever sets HTML.
import { Fragment, createContext, h, render } from "../vendor/preact.js";
import {
  useCallback, useContext, useEffect, useId, useLayoutEffect, useMemo, useReducer, useRef, useState,
} from "../vendor/preact-hooks.js";
import htm from "../vendor/htm.js";

export const html = htm.bind(h);
export {
  Fragment, createContext, render,
  useCallback, useContext, useEffect, useId, useLayoutEffect, useMemo, useReducer, useRef, useState,
};

/** Class names, without the false ones. */
export const classes = (...names) => names.filter(Boolean).join(" ");
