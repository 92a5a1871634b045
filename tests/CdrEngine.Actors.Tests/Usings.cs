global using CdrEngine.Actors.TestKit;
global using Xunit;
