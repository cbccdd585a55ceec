#include "dialects/brevitas/packed_rules.h"

#include "dialects/torch/packed_codes.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

using Scheme = PackedWeight::Scheme;

class PackedRules {
public:
    PackedRules(SlotWork &work, const PackedWeight &packed)
        : m_work(work)
        , m_packed(packed)
        , m_file(*work.facts.file)
    {
    }
    void resolve();

private:
    const std::string &nameOf(std::size_t index) const { return m_file.tensors[index].name; }
    void setRange(bool isSigned, const std::string &why);
    void readGroups();
    void assumeGroups(std::int64_t groups);
    bool readInputs();
    void addOne();
    void readRows();
    void tellTable();
    bool groupsInOrder() const;

    SlotWork &m_work;
    const PackedWeight &m_packed;
    const ModelFile &m_file;
    Quantizer m_q;
};

void PackedRules::setRange(bool isSigned, const std::string &why)
{
    m_q.rule = CodeRule::Stored;
    m_q.bitWidth = static_cast<int>(m_packed.bits);
    m_q.isSigned = isSigned;
    m_q.narrow = false;
    for (const char *field : {"bit_width", "signed", "narrow"})
        m_q.origin[field] = {Origin::Computed, why};
}

/// g_idx says which group each input belongs to; blocks of a row describe it where that is the order of the inputs.
bool PackedRules::groupsInOrder() const
{
    if (m_packed.group <= 0)
        return false;
    if (!m_packed.groups)
        return true;
    const std::vector<std::int64_t> groups = readIntegers(m_file.tensors[*m_packed.groups]);
    for (std::size_t i = 0; i < groups.size(); ++i)
        if (groups[i] != static_cast<std::int64_t>(i) / m_packed.group)
            return false;
    return true;
}

void PackedRules::readGroups()
{
    const bool isGptq = m_packed.scheme == Scheme::Gptq;
    setRange(false,
        fmt::format("{} packs codes of {} bits from 0 on: the shapes of {} and {}", isGptq ? "GPTQ" : "AWQ",
            m_packed.bits, nameOf(m_packed.words), nameOf(*m_packed.zeros)));
    if (!groupsInOrder()) {
        if (!readInputs())
            m_work.warn(kGroupsOutOfOrder.data(),
                fmt::format("{} gives its inputs scales of groups that do not follow each other, and there are too "
                            "many to be kept for each: codes are shown, scales are in {}",
                    m_packed.groups ? nameOf(*m_packed.groups) : nameOf(*m_packed.scales), nameOf(*m_packed.scales)));
        return;
    }
    const Shape &scales = m_file.tensors[*m_packed.scales].shape;
    const bool blocks = scales[0] > 1;
    m_q.scale = Granular{scales, blocks ? 0 : 1, readFloats(m_file.tensors[*m_packed.scales])};
    m_q.zeroPoint = Granular{scales, blocks ? 0 : 1, packedZeros(m_file, m_packed)};
    if (blocks)
        m_q.blockSize = static_cast<int>(m_packed.group);
    m_q.origin["scale"] = {Origin::Read, nameOf(*m_packed.scales)};
    m_q.origin["zero_point"] = {Origin::Read, nameOf(*m_packed.zeros)};
    if (isGptq)
        addOne();
    if (m_packed.groupAssumed)
        assumeGroups(scales[0]);
}

/// Groups of several lengths divide the inputs into as many parts, the last one shorter.
void PackedRules::assumeGroups(std::int64_t groups)
{
    m_work.markAssumed(m_q, "scale", fmt::format("that {} inputs share one, and fewer the last,", m_packed.group));
    m_work.warn(kGroupsAssumed.data(),
        fmt::format("no g_idx says how its {} inputs are divided into {} groups: {} each and fewer in the last one, as "
                    "powers of two are usual, is assumed",
            m_packed.shape[0], groups, m_packed.group));
}

/// Blocks of one input, each with the scales of the group that g_idx names (desc_act). False where the file has so many
/// that their scales alone would fill the memory.
bool PackedRules::readInputs()
{
    constexpr std::uint64_t kMostOfWeight = 1u << 20, kMostOfFile = 1u << 23;
    std::uint64_t all = 0;
    for (const StateLayer &state : m_work.facts.dict.layers)
        if (state.packed && state.packed->groups && state.packed->problem.empty())
            all += elementCount(state.packed->shape);
    if (!m_packed.groups || elementCount(m_packed.shape) > kMostOfWeight || all > kMostOfFile)
        return false;
    const std::vector<std::int64_t> order = readIntegers(m_file.tensors[*m_packed.groups]);
    const std::vector<float> scales = readFloats(m_file.tensors[*m_packed.scales]),
                             zeros = packedZeros(m_file, m_packed);
    const std::int64_t groups = m_file.tensors[*m_packed.scales].shape[0], outputs = m_packed.shape[1];
    m_q.scale = Granular{m_packed.shape, 0, {}};
    m_q.zeroPoint = Granular{m_packed.shape, 0, {}};
    for (const std::int64_t group : order) {
        if (group < 0 || group >= groups)
            throw ParseError(fmt::format("{} names group {} of {}", nameOf(*m_packed.groups), group, groups));
        const auto from = static_cast<std::ptrdiff_t>(group * outputs),
                   to = from + static_cast<std::ptrdiff_t>(outputs);
        m_q.scale->values.insert(m_q.scale->values.end(), scales.begin() + from, scales.begin() + to);
        m_q.zeroPoint->values.insert(m_q.zeroPoint->values.end(), zeros.begin() + from, zeros.begin() + to);
    }
    m_q.blockSize = 1;
    const std::string &index = nameOf(*m_packed.groups);
    m_q.origin["scale"]
        = {Origin::Read, fmt::format("{}, of the group that {} names", nameOf(*m_packed.scales), index)};
    m_q.origin["zero_point"]
        = {Origin::Read, fmt::format("{}, of the group that {} names", nameOf(*m_packed.zeros), index)};
    if (m_packed.scheme == Scheme::Gptq)
        addOne();
    return true;
}

/// GPTQ stores its zero points minus one, gptq_v2 as they are.
void PackedRules::addOne()
{
    const auto said = m_file.metadata.find("checkpoint_format");
    const bool isKnown = said != m_file.metadata.end() && (said->second == "gptq" || said->second == "gptq_v2");
    const bool minusOne = !isKnown || said->second == "gptq";
    for (float &zero : m_q.zeroPoint->values)
        zero += minusOne ? 1.0f : 0.0f;
    if (isKnown)
        m_q.origin["zero_point"].detail += fmt::format(
            "{}: {} says {}", minusOne ? " + 1" : "", m_file.metadata.at("checkpoint_format_from"), said->second);
    else
        m_work.markAssumed(m_q, "zero_point", "that it is stored minus one, as GPTQ does and gptq_v2 does not,");
}

/// w = code * SCB / 127.
void PackedRules::readRows()
{
    setRange(true, "LLM.int8() keeps signed codes of 8 bits");
    std::vector<float> scales = readFloats(m_file.tensors[*m_packed.scales]);
    for (float &scale : scales)
        scale /= 127;
    m_q.scale = perChannel(m_work.slot, 0, std::move(scales));
    m_q.zeroPoint = Granular{{}, {}, {0.0f}};
    m_q.origin["scale"] = {Origin::Computed, fmt::format("{} / 127", nameOf(*m_packed.scales))};
    m_q.origin["zero_point"] = {Origin::Computed, "LLM.int8() is symmetric"};
    if (!m_packed.format)
        m_work.warn(kOrderAssumed.data(), "no weight_format says how its codes are laid out: row by row is assumed");
    else if (const auto format = readIntegers(m_file.tensors[*m_packed.format]); format.size() != 1 || format[0] != 0)
        throw SlotFailure{"not-decoded-yet",
            fmt::format("its codes are laid out for one GPU (weight_format {}), which is not undone",
                format.empty() ? -1 : format[0])};
}

void PackedRules::tellTable()
{
    setRange(false, fmt::format("bitsandbytes, {}", m_packed.type));
    m_q.kind = QuantizerKind::Codebook;
    m_work.warn(kTableOfValues.data(),
        fmt::format("its codes are places in a table of values ({}), times {} of each block of {}: no scale "
                    "describes that",
            m_packed.table ? nameOf(*m_packed.table) : m_packed.type, nameOf(*m_packed.scales),
            m_packed.group > 0 ? std::to_string(m_packed.group) : "unknown length"));
}

void PackedRules::resolve()
{
    if (!m_packed.problem.empty())
        throw SlotFailure{"not-decoded-yet", m_packed.problem};
    switch (m_packed.scheme) {
    case Scheme::Gptq:
    case Scheme::Awq: readGroups(); break;
    case Scheme::Int8: readRows(); break;
    case Scheme::Table: tellTable(); break;
    }
    m_work.slot.quantizer = std::move(m_q);
}

} // namespace

const PackedWeight *packedWeightOf(const BrevitasFacts &facts, SlotIndex index)
{
    const StateLayer *state = facts.dict.layer(facts.layerOf(index).name);
    const bool isWeight = facts.slotOf(index).slot == Slot::Weight;
    return isWeight && state != nullptr && state->packed ? &*state->packed : nullptr;
}

void resolvePacked(SlotWork &work, const PackedWeight &packed) { PackedRules(work, packed).resolve(); }

} // namespace quantscope
