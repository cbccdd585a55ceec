#include "quant/code_hash.h"

#include "quant/code_reader.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace quantscope {

void CodeHash::add(std::span<const std::int64_t> codes)
{
    m_codes.resize(codes.size());
    for (std::size_t i = 0; i < codes.size(); ++i) {
        m_fit = m_fit && codes[i] >= INT32_MIN && codes[i] <= INT32_MAX;
        m_codes[i] = static_cast<std::int32_t>(codes[i]);
    }
    m_hash.add(std::as_bytes(std::span(m_codes)));
}

std::optional<std::string> CodeHash::finish() { return m_fit ? std::optional(m_hash.finish()) : std::nullopt; }

std::optional<std::string> codesSha256(const SlotQuantizer &slot, const Progress &progress)
{
    constexpr std::uint64_t kChunk = 1ull << 16;
    const bool stored = slot.quantizer->rule == CodeRule::Stored && isInteger(slot.tensor->dtype);
    CodeReader reader(slot);
    CodeHash hash;
    std::vector<float> codes;
    std::vector<std::int64_t> integers;
    for (std::uint64_t at = 0; at < reader.count(); at += kChunk) {
        integers.resize(std::min(kChunk, reader.count() - at));
        if (stored) {
            reader.integers(at, integers);
        } else {
            codes.resize(integers.size());
            reader.codes(at, codes);
            if (!std::all_of(codes.begin(), codes.end(), [](float code) { return std::isfinite(code); }))
                return std::nullopt;
            std::transform(
                codes.begin(), codes.end(), integers.begin(), [&](float code) { return reader.integer(code); });
        }
        hash.add(integers);
        progress.step(at + integers.size(), reader.count());
    }
    return hash.finish();
}

namespace {

constexpr std::array kAllRoundings = {Rounding::Round, Rounding::Floor, Rounding::Ceil, Rounding::RoundToZero,
    Rounding::Dpu, Rounding::HalfUp, Rounding::HalfDown, Rounding::Up};

std::vector<Quantizer> candidates(const Quantizer &quantizer)
{
    std::vector<Quantizer> out;
    if (quantizer.bitWidth == 1) {
        Quantizer binary = quantizer;
        binary.kind = QuantizerKind::Binary;
        binary.rule = CodeRule::Threshold;
        out.push_back(std::move(binary));
    }
    for (const bool narrow : {quantizer.narrow.value_or(false), !quantizer.narrow.value_or(false)})
        for (const Rounding rounding : kAllRoundings) {
            out.push_back(quantizer);
            out.back().narrow = narrow;
            out.back().rounding = rounding;
        }
    return out;
}

} // namespace

std::optional<Quantizer> quantizerWithCodes(
    const SlotQuantizer &slot, const std::string &sha256, const Progress &progress)
{
    SlotQuantizer tried = slot;
    for (Quantizer &candidate : candidates(*slot.quantizer)) {
        tried.quantizer = candidate;
        if (codesSha256(tried, progress) == sha256)
            return std::move(candidate);
    }
    return std::nullopt;
}

} // namespace quantscope
