#include "formats/torchscript/script_frame.h"

namespace quantscope {

const ScriptValue *ScriptFrame::find(std::string_view name) const
{
    const auto found = m_variables.find(name);
    return found == m_variables.end() ? nullptr : &found->second;
}

void ScriptFrame::set(std::string_view name, ScriptValue value)
{
    if (!m_before.empty()) {
        const ScriptValue *old = find(name);
        m_before.back().try_emplace(name, old == nullptr ? std::nullopt : std::optional(*old));
    }
    m_variables.insert_or_assign(name, std::move(value));
}

ScriptFrame::Variables ScriptFrame::leave()
{
    Variables changed;
    for (auto &[name, old] : m_before.back()) {
        changed.emplace(name, std::move(m_variables.at(name)));
        if (old)
            m_variables.insert_or_assign(name, std::move(*old));
        else
            m_variables.erase(name);
    }
    m_before.pop_back();
    return changed;
}

} // namespace quantscope
