#pragma once

#include <string_view>

namespace quantscope::script {

/// Attributes that the reader of TorchScript's code gives to nodes of its own; no name in code begins as they do.
/// The names of the last inputs, which code gives by name.
inline constexpr std::string_view kNamedInputs = "=names";
/// 1: the outputs are what its result holds, one after the other, and not the result.
inline constexpr std::string_view kTakenApart = "=parts";
/// Of packed parameters what their state is made of, a word each: "(" and "[" open a tuple and a list, ")" closes
/// either, "T" is the next input, and "i3", "f0.5", "b1" and "stext" are constants.
inline constexpr std::string_view kPackedState = "=state";

} // namespace quantscope::script
