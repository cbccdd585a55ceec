#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace quantscope {

/// What a model is made for.
enum class Target : std::uint8_t { Finn, Hls4ml, Dpu, Onnx, PyTorch, Hls };
/// "finn", "hls4ml", ...: as the command line and JSON name it.
std::string_view targetName(Target target);
/// "FINN", "The DPU", ...: for people, at the head of a sentence.
std::string_view targetTitle(Target target);
std::optional<Target> targetFromName(std::string_view name);
/// In the order of the enumeration.
std::span<const std::string_view> targetNames();

} // namespace quantscope
