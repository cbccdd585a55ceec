#pragma once

#include <QObject>

#include <utility>
#include <vector>

class QAction;

namespace quantscope {

class MainWindow;
struct ActionRow;

/// The actions of the table as menus and keys of a window.
class WindowActions : public QObject {
    Q_OBJECT
public:
    explicit WindowActions(MainWindow &window);
    /// What is possible, on and named as things are now.
    void update();

private:
    QAction *make(const ActionRow &row);

    MainWindow &m_window;
    std::vector<std::pair<QAction *, const ActionRow *>> m_actions;
};

} // namespace quantscope
