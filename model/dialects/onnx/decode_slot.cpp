#include "dialects/onnx/decode_slot.h"

#include "base/text.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace quantscope::interpret {

namespace {

void checkScale(const SlotQuantizer &slot, const Layer &layer, std::vector<Diagnostic> &diagnostics)
{
    if (!slot.quantizer->scale)
        return;
    const auto &values = slot.quantizer->scale->values;
    const auto bad = std::ranges::find_if(values, [](float v) { return !(v > 0) || std::isinf(v); });
    if (bad != values.end())
        diagnostics.push_back({"scale-not-positive", Severity::Warning, {layer.id, slot.slot},
            fmt::format("The scale of {} ({}) is {}: a scale must be positive and finite, so its values mean nothing.",
                printable(layer.name), slot.slot, shortest(*bad))});
}

} // namespace

void takeTensor(SlotQuantizer &out, std::shared_ptr<const TensorInfo> tensor)
{
    out.tensorName = tensor->name;
    out.shape = tensor->shape;
    out.tensor = std::move(tensor);
}

void sayBiasWidthLost(std::vector<Diagnostic> &diagnostics, const Layer &layer, Slot slot, std::string_view type)
{
    diagnostics.push_back({"bias-width-lost", Severity::Note, {layer.id, slot},
        fmt::format(
            "The file stores the {} of {} as {} and does not say its bit width.", slot, printable(layer.name), type)});
}

bool fillSlot(SlotQuantizer &out, const Layer &layer, std::vector<Diagnostic> &diagnostics,
    const std::function<void()> &fill, const std::function<void()> &forget)
{
    const auto failed = [&](const char *rule, Severity severity, const std::string &why) {
        out.quantizer.reset();
        forget();
        diagnostics.push_back({rule, severity, {layer.id, out.slot},
            fmt::format("The quantizer of {} ({}) is not known: {}.", printable(layer.name), out.slot, why)});
    };
    try {
        fill();
    } catch (const NotConstant &error) {
        failed("quantizer-not-constant", Severity::Warning, error.what());
    } catch (const ParseError &error) {
        failed("quantizer-unreadable", Severity::Error, error.what());
    }
    // The reader has said what is wrong with the tensor; codes of it do not exist.
    if (out.tensor != nullptr && !out.tensor->problem.empty())
        out.quantizer.reset();
    if (out.quantizer)
        checkScale(out, layer, diagnostics);
    return out.quantizer.has_value();
}

void SlotDecoder::sayNotKnown(const char *what, Slot slot, const std::string &why)
{
    m_diagnostics.push_back({"scale-not-constant", Severity::Warning, {m_layer.id, slot},
        fmt::format("The {} of {} ({}) is not known: {}.", what, printable(m_layer.name), slot, why)});
}

} // namespace quantscope::interpret
