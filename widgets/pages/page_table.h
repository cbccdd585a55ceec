#pragma once

#include <QString>

#include <array>
#include <functional>

class QWidget;

namespace quantscope {

class Page;
class Session;

enum class PageId { Overview, Distribution, Values, Channels, Compare, Export, Recipe };
inline constexpr int kPageCount = static_cast<int>(PageId::Recipe) + 1;

/// One page of the window: tabs, menu, keys and pictures are made from this table.
struct PageRow {
    PageId id;
    QString menu; ///< its name, with `&`
    QString tip;
    QString picture; ///< file name of its picture, without ".png"
    std::function<Page *(Session &, QWidget *parent)> make;

    QString name() const { return QString(menu).remove(u'&'); }
};

/// In the order of the tabs, which is that of PageId.
const std::array<PageRow, kPageCount> &pageTable();
inline const PageRow &pageRow(PageId id) { return pageTable()[static_cast<std::size_t>(id)]; }

} // namespace quantscope
