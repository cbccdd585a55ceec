#include "formats/safetensors/packing_config.h"

#include "formats/safetensors/json_events.h"

#include <algorithm>
#include <filesystem>

namespace quantscope {

namespace {

constexpr std::uint64_t kMostConfig = 1 << 20;

/// The text of "checkpoint_format", at the top or in "quantization_config".
class ConfigEvents : public JsonEvents {
public:
    std::string found;

    void beginObject() override { ++m_depth; }
    void endObject() override { --m_depth; }
    void beginArray() override { ++m_depth; }
    void endArray() override { --m_depth; }
    void number(std::uint64_t) override { }
    void otherValue() override { }
    void key(std::string &name) override
    {
        if (m_depth == 1)
            m_top = name;
        m_key = std::move(name);
    }
    void text(std::string &value) override
    {
        const bool placed = m_depth == 1 || (m_depth == 2 && m_top == "quantization_config");
        if (placed && m_key == "checkpoint_format")
            found = value;
    }

private:
    std::string m_top, m_key;
    int m_depth = 0;
};

std::string formatIn(const std::string &path)
{
    const auto source = FileSource::open(path);
    if (!source || (*source)->size() > kMostConfig)
        return {};
    try {
        const auto bytes = (*source)->bytes(0, (*source)->size());
        ConfigEvents events;
        readJson({reinterpret_cast<const char *>(bytes.data()), bytes.size()}, 0, "the configuration", events);
        return events.found;
    } catch (const ParseError &) {
        return {};
    }
}

} // namespace

void takePackingConfig(ModelFile &file)
{
    const auto isPacked = [](const TensorInfo &tensor) { return tensor.name.ends_with("qweight"); };
    if (std::ranges::none_of(file.tensors, isPacked))
        return;
    for (const char *name : {"quantize_config.json", "config.json"})
        if (std::string said = formatIn((std::filesystem::path(file.path).parent_path() / name).string());
            !said.empty()) {
            file.metadata["checkpoint_format"] = std::move(said);
            file.metadata["checkpoint_format_from"] = name;
            return;
        }
}

} // namespace quantscope
