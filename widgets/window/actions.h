#pragma once

#include <QKeySequence>
#include <QList>
#include <QString>

#include <functional>
#include <vector>

class QMenu;
class QWidget;

namespace quantscope {

class MainWindow;

/// One thing that can be done: the menus, the keys and the list of keys (F1) are made from this table.
struct ActionRow {
    QString menu; ///< with `&`; empty: a key only
    QString text;
    QList<QKeySequence> keys;
    QString tip;
    std::function<void(MainWindow &)> run;
    bool needsModel = false;
    int group = 0; ///< a separator stands between groups of a menu
    std::function<bool(MainWindow &)> isOn = nullptr; ///< of what is on or off
    std::function<bool(MainWindow &)> isPossible = nullptr; ///< as things are
    std::function<QString(MainWindow &)> detail = nullptr; ///< what it is about now: stands behind the text
    std::function<void(QMenu &, MainWindow &)> fill = nullptr; ///< a menu of its own, made as it opens
};

const std::vector<ActionRow> &actionTable();
/// Keys that widgets handle themselves, for the list of keys.
struct KeyNote {
    QString keys, text;
};
const std::vector<KeyNote> &keyNotes();

} // namespace quantscope
