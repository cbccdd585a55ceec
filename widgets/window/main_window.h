#pragma once

#include "session/session.h"
#include "window/data_files.h"
#include "window/dropped_files.h"
#include "window/file_dialogs.h"
#include "window/page_host.h"
#include "window/window_actions.h"

#include <QMainWindow>

class QLabel;
class QSplitter;
class QStackedWidget;

namespace quantscope {

class FailureBar;
class LayersPanel;
class ProblemsPanel;
class RunBar;
class SecondBar;
class StartPage;
class StatusLine;
class TopBar;
class WorkSplitter;
enum class ThemeChoice;

/// The window: start page without a model, else layers and problems on the left and the pages on the right.
class MainWindow : public QMainWindow {
    Q_OBJECT
public:
    explicit MainWindow(QWidget *parent = nullptr);
    ~MainWindow() override;

    Session &session() { return m_session; }
    void open(const QString &path, const QString &recipe = {}) { m_session.open(path, recipe); }
    PageHost *pages();
    LayersPanel *layers();
    ProblemsPanel *problems();
    StartPage *startPage();

    FileDialogs &files() { return m_files; }
    DataFiles &dataFiles() { return m_dataFiles; }
    void showPage(PageId page);
    void focusFilter();
    void prepareExport(); ///< its page, with the focus on what writes
    void focusLayers();
    void focusProblems();
    void stepLayer(int by);
    void escape();
    void showOperators(bool shown);
    bool showsOperators();
    bool hasOperators() const;
    void setTheme(ThemeChoice choice);
    /// Gives the problems half of the left side.
    void spreadProblems();
    /// Takes a size that fits a screen, unless an earlier window left its own.
    void fitTo(const QSize &available);

protected:
    void dragEnterEvent(QDragEnterEvent *event) override;
    void dropEvent(QDropEvent *event) override;
    void showEvent(QShowEvent *event) override;
    void closeEvent(QCloseEvent *event) override;

private:
    void makeWorkspace();
    void connectSession();
    void onState();
    void onSelection();
    void onProgress(const QString &text, int permille);
    void onChangedOnDisk();
    void onFailed(const QString &text);
    void onExport(int permille);

    Session m_session;
    TopBar *m_top;
    RunBar *m_run;
    QStackedWidget *m_stack;
    QLabel *m_loading;
    StartPage *m_start = nullptr;
    WorkSplitter *m_split = nullptr;
    QSplitter *m_left = nullptr;
    LayersPanel *m_layers = nullptr;
    ProblemsPanel *m_problems = nullptr;
    PageHost *m_pages = nullptr;
    FailureBar *m_failure;
    SecondBar *m_second;
    StatusLine *m_status;
    FileDialogs m_files;
    DataFiles m_dataFiles;
    DroppedFiles m_dropped;
    WindowActions m_actions;
};

} // namespace quantscope
