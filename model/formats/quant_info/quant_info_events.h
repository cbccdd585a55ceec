#pragma once

#include "formats/budget.h"
#include "formats/safetensors/json_events.h"
#include "graph/quant_info.h"

#include <set>
#include <string>
#include <vector>

namespace quantscope {

/// Takes the text of a quant_info.json: [bits, fix position] alone or in a list, other forms by their names. Throws
/// ParseError that names the entry.
class QuantInfoEvents : public JsonEvents {
public:
    QuantInfoEvents(Budget &budget, QuantInfo &out)
        : m_budget(budget)
        , m_out(out)
    {
    }

    /// Some entries were there; an object without them is another file.
    bool isQuantInfo() const { return m_sections > 0; }

    void text(std::string &value) override;
    void number(std::uint64_t value) override { take({false, static_cast<double>(value), {}}); }
    void negative(std::int64_t value) override { take({false, static_cast<double>(value), {}}); }
    void real(double value) override { take({false, value, {}}); }
    void boolean(bool value) override;
    void otherValue() override { take({true, 0, {}}); }
    void beginObject() override;
    void endObject() override;
    void key(std::string &name) override;
    void beginArray() override;
    void endArray() override;

private:
    struct Item {
        bool isNull = false;
        double number = 0;
        std::vector<Item> list;
        bool isList = false;
    };

    void take(Item item);
    void addEntry(const Item &value);
    QuantInfoNumbers numbersOf(const Item &item) const;
    std::optional<std::int64_t> wholeNumber(const Item &item, const char *what) const;
    std::vector<double> numbers(const Item &item) const;
    [[noreturn]] void refuse(const char *what) const;

    Budget &m_budget;
    QuantInfo &m_out;
    std::vector<QuantInfoEntry> *m_section = nullptr;
    std::string m_top, m_entry;
    std::vector<Item> m_open; ///< lists that are not closed
    int m_depth = 0; ///< of objects
    int m_sections = 0;
    std::set<const void *> m_seen; ///< sections that were there
};

} // namespace quantscope
