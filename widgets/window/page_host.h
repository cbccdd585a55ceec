#pragma once

#include "pages/page_table.h"

#include <QWidget>

#include <array>

class QLabel;
class QStackedWidget;
class QTabBar;

namespace quantscope {

class Page;
class Session;

/// The pages of a layer behind tabs; a page is made when it is first shown.
class PageHost : public QWidget {
    Q_OBJECT
public:
    explicit PageHost(Session &session, QWidget *parent = nullptr);
    void show(PageId page);
    PageId current() const;
    /// Makes the page if need be.
    Page *page(PageId page);

Q_SIGNALS:
    void chooseRecipeRequested();
    void saveRecipeRequested();

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    void refreshNote();

    Session &m_session;
    QTabBar *m_tabs;
    QLabel *m_note;
    QStackedWidget *m_stack;
    std::array<Page *, kPageCount> m_pages{};
};

} // namespace quantscope
