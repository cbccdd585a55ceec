#pragma once

#include "pages/page_table.h"

#include <QWidget>

#include <array>
#include <vector>

class QLabel;
class QStackedWidget;
class QTabBar;

namespace quantscope {

class ModelPage;
class Page;
class Session;
struct ProblemPlace;

/// The pages of a layer behind tabs; a page is made when it is first shown.
class PageHost : public QWidget {
    Q_OBJECT
public:
    explicit PageHost(Session &session, QWidget *parent = nullptr);
    void show(PageId page);
    PageId current() const;
    /// Shows what a query finds in the current slot (analysis/find_query.h).
    void find(const QString &query);
    /// Goes to the layer of a problem, and to the elements or the page that it is about.
    void follow(const ProblemPlace &place);
    /// Stops what the page that is shown computes; whether it did.
    bool cancelWork();
    /// Makes the page if need be.
    Page *page(PageId page);

Q_SIGNALS:
    void chooseRecipeRequested();
    void runRequested();
    void saveRecipeRequested();
    void pageChanged();

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    void refreshNote();
    /// Pages are of a layer: where none is selected, the model as a whole is shown.
    void showWhole();

    Session &m_session;
    QTabBar *m_tabs;
    QLabel *m_note;
    QStackedWidget *m_stack;
    std::vector<QWidget *> m_ofLayer; ///< what is shown of a layer
    ModelPage *m_model = nullptr; ///< made when it is first shown
    std::array<Page *, kPageCount> m_pages{};
};

} // namespace quantscope
